import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Layer } from '../../../../src/oci/layer.ts';
import { parseReference } from '../../../../src/oci/reference.ts';
import {
  artifactFileName,
  defaultFolderName,
  freeName,
  layerFileName,
  layerFolderName,
} from '../../../../src/vscode/images/names.ts';

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

function named(title?: string): Layer {
  const annotations = title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
  return { number: 1, descriptor: { mediaType: 'text/plain', digest, size: 1, ...annotations } };
}

test("names an artifact's file by its title", () => {
  for (const title of ['notes.md', '.bashrc', 'a b.txt', 'ünïcode.csv'])
    assert.equal(artifactFileName(named(title)), title);
});

test('turns a title that is a path, or invalid on some system, into a plain name', () => {
  const cases: [string, string][] = [
    ['../../etc/passwd', '..-..-etc-passwd'],
    ['/etc/cron.d/x', '-etc-cron.d-x'],
    ['C:\\Windows\\x.dll', 'C-Windows-x.dll'],
    ['a\u0000b\u202egnp.exe', 'a b gnp.exe'],
    ['con.txt', '_con.txt'],
    ['name. . ', 'name'],
  ];
  for (const [title, name] of cases) assert.equal(artifactFileName(named(title)), name);
  const long = artifactFileName(named(`${'é'.repeat(300)}.tar.gz`));
  assert.ok(Buffer.byteLength(long) < 255 && long.endsWith('.gz'), long);
});

test('uses the number and digest if nothing is left of the title', () => {
  for (const title of [undefined, '', '..', '. .', '\u202e']) assert.match(artifactFileName(named(title)), /^1-0123/);
});
