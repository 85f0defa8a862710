import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { estargzFooter } from '../../support/estargz.ts';
import { image, layer } from '../../support/image.ts';
import { sha256 } from '../../support/registry/store.ts';
import { tempFolder } from '../../support/servers/process.ts';
import { encodeEntry, file } from '../../support/tar.ts';
import { contentOf, fetched } from './browsing.ts';

/** A layer of 20,000 files and 1 GB, stored as a sparse file with only the bytes that are read. */
const SIZE = 1_000_000_000;
const FILES = 20_000;
const EACH = 49_000;
const LATE = FILES - 3;
const CONTENT = Buffer.from('near the end\n'.repeat(300));

const { registry, pulling } = await setUpPulling();
const folder = tempFolder('huge');
after(() => folder.remove());

/** Returns a table of contents with distinct digests. @param packed compressed content of `late` */
function table(packed: Buffer, ends: boolean): string {
  const entries = Array.from({ length: FILES }, (_, at) => {
    const content = at === LATE ? CONTENT : Buffer.alloc(0);
    const digest = sha256(at === LATE ? content : String(at));
    const size = at === LATE ? content.length : 2 * EACH;
    return {
      type: 'reg',
      name: at === LATE ? 'late' : `usr/share/folder-${at % 300}/file-${at}`,
      mode: 0o644,
      size,
      modtime: '2024-01-01T00:00:00Z',
      digest,
      offset: at * EACH,
      ...(ends ? { endOffset: at * EACH + (at === LATE ? packed.length : EACH) } : {}),
      chunkDigest: digest,
    };
  });
  return JSON.stringify({ version: 1, entries });
}

/**
 * Puts an image into the registry whose only layer is a sparse file with `pieces` at their offsets.
 */
function put(name: string, pieces: readonly (readonly [number, Buffer])[], annotations: Record<string, string>): void {
  const path = join(folder.path, name);
  const target = openSync(path, 'w');
  ftruncateSync(target, SIZE);
  for (const [at, bytes] of pieces) writeSync(target, bytes, 0, bytes.length, at);
  closeSync(target);
  // Nothing computes the digest, since the blob is never read as a whole.
  const digest = sha256(name);
  const small = layer([file('late', CONTENT)]);
  const built = image({
    layers: [{ ...small, digest, annotations, compression: name === 'estargz' ? 'gzip' : 'zstd' }],
    change: manifest => ({ ...manifest, layers: layersOf(manifest).map(one => ({ ...one, digest, size: SIZE })) }),
  });
  registry.store.put(name, built, 'latest');
  registry.store.putBlobFile(path, digest);
}

function layersOf({ layers }: Record<string, unknown>): object[] {
  assert.ok(Array.isArray(layers));
  return layers;
}

function estargz(): void {
  const packed = gzipSync(CONTENT);
  const json = table(packed, false);
  const toc = gzipSync(Buffer.concat([encodeEntry(file('stargz.index.json', json)), Buffer.alloc(1024)]));
  const footer = estargzFooter(SIZE - 51 - toc.length);
  put(
    'estargz',
    [
      [LATE * EACH, packed],
      [SIZE - 51 - toc.length, toc],
      [SIZE - 51, footer],
    ],
    {
      'containerd.io/snapshot/stargz/toc.digest': sha256(json),
    },
  );
}

function zstdChunked(): void {
  const packed = zstdCompressSync(CONTENT);
  const json = Buffer.from(table(packed, true));
  const toc = zstdCompressSync(json);
  const at = SIZE - 100 - toc.length;
  const key = 'io.github.containers.zstd-chunked';
  put(
    'zstd-chunked',
    [
      [LATE * EACH, packed],
      [at, toc],
    ],
    {
      [`${key}.manifest-position`]: `${at}:${toc.length}:${json.length}:1`,
      [`${key}.manifest-checksum`]: sha256(toc),
    },
  );
}

for (const [name, make] of Object.entries({ estargz, 'zstd-chunked': zstdChunked })) {
  test(`reads one small file of a 1 GB layer for less than 0.4 % of it: ${name}`, async () => {
    make();
    const tree = await pulling.open(`${registry.host}/${name}:latest`, () => (registry.requests.length = 0));
    assert.ok((await contentOf(tree, 'late')).equals(CONTENT));
    const { requests, bytes } = fetched(registry.requests);
    assert.ok(bytes < SIZE / 250, `${bytes} of ${SIZE} bytes were fetched`);
    assert.ok(requests <= 4, `${requests} requests`);
    assert.equal([...tree.walk()].filter(node => !node.isDirectory).length, FILES);
  });
}
