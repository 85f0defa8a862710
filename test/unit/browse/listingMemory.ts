import { LayerScan } from '../../../src/browse/listing/layerScan.ts';
import { tarWithoutEnd } from '../../support/tar.ts';

/*
 * Run with --expose-gc: lists a layer of as many files as its argument says, and prints the peak of
 * additional live bytes and the number of files.
 */
const count = Number(process.argv[2]);
const PART = 500;

function part(from: number): Buffer {
  const entries = Array.from({ length: Math.min(PART, count - from) }, (_, at) => ({
    path: `usr/lib/python3/dist-packages/package${Math.floor((from + at) / 300)}/some_file_name_${from + at}.py`,
    body: 'x'.repeat(300),
  }));
  return tarWithoutEnd(...entries);
}

function alive(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = alive();
let most = before;
const scan = new LayerScan(
  `sha256:${'0'.repeat(64)}`,
  { limits: { maxBytes: Number.MAX_SAFE_INTEGER, maxEntries: count } },
  undefined,
);
for (let from = 0; from < count; from += PART) {
  scan.write(part(from));
  if (from % (20 * PART) === 0) most = Math.max(most, alive());
}
scan.write(Buffer.alloc(1024));
const { entries, listing } = scan.end();
most = Math.max(most, alive());
console.log(JSON.stringify({ bytes: most - before, entries, listing: listing.length }));
