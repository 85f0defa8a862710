// Runs single stages of a pull in one thread, for bench.ts to measure: `node stages.js
// inflate+hash|inflate|list LAYER …` or `node stages.js hash BYTES`. Fetches nothing, writes
// nothing.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { argv } from 'node:process';
import { Decompressor } from '../../src/layers/compression/decompress.ts';
import { InflateEngine } from '../../src/layers/compression/inflate/engine.ts';
import { TarReader } from '../../src/layers/tar/tarReader.ts';
import { wasmGzip } from '../../src/layers/compression/wasmGzip.ts';
import type { Sink } from '../../src/oci/byteSource.ts';

const [, , stage, ...files] = argv;
const engine = InflateEngine.load();

function readInto(file: string, sink: Sink): void {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  const fd = openSync(file, 'r');
  for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) sink.write(buffer.subarray(0, count));
  closeSync(fd);
}

function unpack(file: string, out: Sink, onBlob: (chunk: Uint8Array) => void): void {
  const decompressor = new Decompressor(out, engine ? { gzip: wasmGzip(engine, { checksum: false }) } : {});
  readInto(file, {
    write: chunk => {
      onBlob(chunk);
      decompressor.write(chunk);
    },
  });
  decompressor.end();
}

/** Computes both digests, as a pull does. */
function inflateAndHash(file: string): string {
  const [blob, tar] = [createHash('sha256'), createHash('sha256')];
  unpack(file, { write: chunk => void tar.update(chunk) }, chunk => void blob.update(chunk));
  return `${blob.digest('hex')} ${tar.digest('hex')}`;
}

/** Counts the entries, and ignores their content. */
function list(file: string): string {
  let entries = 0;
  const reader = new TarReader({ entry: () => void entries++, data: () => undefined, endEntry: () => undefined });
  unpack(file, reader, () => undefined);
  reader.end();
  return String(entries);
}

function inflateOnly(file: string): string {
  let size = 0;
  unpack(file, { write: chunk => void (size += chunk.length) }, () => undefined);
  return String(size);
}

/** SHA-256 of this many bytes of any content. */
function hash(bytes: string): string {
  const sum = createHash('sha256');
  const piece = Buffer.alloc(64 * 1024, 1);
  for (let left = Number(bytes); left > 0; left -= piece.length) sum.update(piece.subarray(0, left));
  return sum.digest('hex');
}

const stages: Readonly<Record<string, (file: string) => string>> = {
  'inflate+hash': inflateAndHash,
  inflate: inflateOnly,
  list,
  hash,
};
const work = stages[stage ?? ''];
if (!work) throw new Error(`Name a stage: ${Object.keys(stages).join(', ')}`);
const began = performance.now();
const results = files.map(work);
console.log(JSON.stringify({ took: performance.now() - began, results }));
