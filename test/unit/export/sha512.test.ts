import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Verifier } from '../../../src/blobs/verifier.ts';
import { exportImage } from '../../../src/export/exportImage.ts';
import { openLocal } from '../../../src/layout/openLocal.ts';
import { blobPath } from '../../../src/layout/ociLayout.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/mediaTypes.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { resolveImage } from '../../../src/resolve/resolveImage.ts';
import { layer } from '../../support/image.ts';
import { run } from '../../support/run.ts';
import { tempFolder } from '../../support/servers/process.ts';
import { file } from '../../support/tar.ts';

const script = new URL('../../../src/export/exportWorker.ts', import.meta.url);
const { signal } = new AbortController();
const reference = parseReference('image.localhost/it:latest');
const folder = tempFolder('sha512');
after(() => folder.remove());

const sha512 = (bytes: Uint8Array): Digest => `sha512:${createHash('sha512').update(bytes).digest('hex')}`;

/**
 * Writes a layout in which every digest is sha512, so that file names exceed the 100 bytes of a tar
 * header.
 */
function writeLayout(path: string): void {
  const built = layer([file('etc/hello', 'hello\n')]);
  const put = (mediaType: string, bytes: Uint8Array) => {
    const digest = sha512(bytes);
    writeFileSync(blobPath(path, digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  mkdirSync(join(path, 'blobs/sha512'), { recursive: true });
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [sha512(built.tar)] } };
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: put(OCI_CONFIG, Buffer.from(JSON.stringify(config))),
    layers: [put(OCI_LAYER_GZIP, built.blob)],
  };
  const entry = put(OCI_MANIFEST, Buffer.from(JSON.stringify(manifest)));
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, annotations }] }));
}

for (const format of ['oci-layout', 'oci-archive', 'docker-archive'] as const) {
  test(`keeps long names of sha512 digests in an ${format}`, async () => {
    const source = join(folder.path, `${format}-source`);
    writeLayout(source);
    const image = await resolveImage(await openLocal(source, signal), reference, undefined, signal);
    const files = image.layers.map(each => ({ layer: each, blob: blobPath(source, each.descriptor.digest) }));
    const path = join(folder.path, format);
    const target = { format, path, limits: DEFAULT_LIMITS, script };
    assert.deepEqual(await exportImage(image, files, target, { signal, report: () => undefined }), []);
    const written = await openLocal(path, signal);
    const again = await resolveImage(written, reference, undefined, signal);
    const [only] = again.layers;
    assert.ok(only);
    const verifier = new Verifier(only.descriptor.digest, only.descriptor.size);
    await written.read(only.descriptor, 0, verifier, signal);
    verifier.end();
    assert.match(only.descriptor.digest, /^sha512:/);
    if (format === 'oci-layout') return;
    const listed = (await run('tar', ['-tf', path])).split('\n');
    assert.ok(
      listed.some(name => /[0-9a-f]{128}(\.tar)?$/.test(name)),
      'GNU tar reads the long names',
    );
  });
}
