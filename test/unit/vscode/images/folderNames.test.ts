import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { Layer } from '../../../../src/oci/layer.ts';
import { defaultFolderName, freeName } from '../../../../src/vscode/images/folderNames.ts';
import { layerFileName, layerFolderName } from '../../../../src/vscode/images/layerNames.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}` as const;

test("names a folder by the repository's last part and the tag", () => {
  const cases: [string, string][] = [
    ['busybox', 'busybox-latest'],
    ['ghcr.io/owner/group/name:v1.2', 'name-v1.2'],
    [`r.example/name@${digest}`, 'name-0123456789ab'],
    [`r.example/name:tag@${digest}`, 'name-tag'],
    ['r.example/name:ends.', 'name-ends'],
  ];
  for (const [reference, name] of cases) assert.equal(defaultFolderName(parseReference(reference)), name);
});

test('numbers a name that is taken', () => {
  const taken = new Set(['a-2', 'a-3']);
  assert.equal(
    freeName('a', name => taken.has(name)),
    'a-4',
  );
});

test("gives a layer's file the extension of its format", () => {
  const layer = (mediaType: string): Layer => ({ number: 3, descriptor: { mediaType, digest, size: 1 } });
  assert.equal(layerFolderName(layer('')), '3-0123456789ab');
  const cases: [string, string][] = [
    ['application/vnd.oci.image.layer.v1.tar+gzip', '3-0123456789ab.tar.gz'],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', '3-0123456789ab.tar.gz'],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', '3-0123456789ab.tar.gz'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', '3-0123456789ab.tar.zst'],
    ['application/vnd.oci.image.layer.v1.tar', '3-0123456789ab.tar'],
    ['application/x-other', '3-0123456789ab.blob'],
  ];
  for (const [type, name] of cases) assert.equal(layerFileName(layer(type)), name);
});
