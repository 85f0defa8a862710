// Opens layers without extracting them, for bench.ts to measure. Prints JSON with times in
// milliseconds:
//
//   node browse.js index LAYER …   one pass over each blob, as on the first opening of a layer;
//                                  writes the listings as 0.index, 1.index …
//   node browse.js open LISTING    reads a listing and its tree, as when a layer is opened again,
//                                  and finds files while typing
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { FuzzyPaths } from '../../src/browse/tree/fuzzy.ts';
import { LayerListing } from '../../src/browse/listing/layerListing.ts';
import { LayerScan } from '../../src/browse/listing/layerScan.ts';
import { layerTree } from '../../src/browse/listing/layerTree.ts';
import { MergedTree } from '../../src/browse/tree/mergedTree.ts';
import { InflateEngine } from '../../src/layers/compression/inflate/engine.ts';
import { DEFAULT_LIMITS } from '../support/doubles.ts';

/** The output of `open`. */
export interface Opening {
  /**
   * The time until the root and one of its folders can be shown, with the attributes of their
   * entries.
   */
  readonly open: number;
  readonly files: number;
  /** The slowest keystroke. */
  readonly key: number;
}

const DIGEST = `sha256:${'0'.repeat(64)}` as const;
const TYPED = ['f', 'fi', 'fil', 'file', 'p', 'pa', 'pack', 'package', 'pkgfile', 'doc', 'zzz'];

function index(files: readonly string[]): object {
  const engine = InflateEngine.load();
  const began = performance.now();
  for (const [at, file] of files.entries()) {
    const blob = createHash('sha256');
    const scan = new LayerScan(DIGEST, { limits: DEFAULT_LIMITS }, engine);
    const buffer = Buffer.allocUnsafe(64 * 1024);
    const fd = openSync(file, 'r');
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      blob.update(buffer.subarray(0, count));
      scan.write(buffer.subarray(0, count));
    }
    closeSync(fd);
    blob.digest();
    writeFileSync(`${at}.index`, scan.end().listing);
  }
  return { took: performance.now() - began };
}

async function open(file: string): Promise<Opening> {
  const began = performance.now();
  const read = await LayerListing.open(file, DIGEST);
  if (!read) throw new Error(`${file} is not a listing`);
  const files = { listing: read, read: () => Promise.reject(new Error('nothing is read here')) };
  const tree = MergedTree.ofLayer({ number: 1, files, directory: layerTree(read) });
  const root = [...tree.childrenOf(tree.root).values()];
  const folder = root.find(node => node.isDirectory);
  for (const node of [...root, ...(folder ? tree.childrenOf(folder).values() : [])]) void node.facts;
  const opened = performance.now() - began;
  const paths = [...tree.walk()].filter(node => !node.isDirectory).map(node => node.path);
  const fuzzy = new FuzzyPaths(paths);
  const keys = TYPED.map(typed => {
    const pressed = performance.now();
    fuzzy.find(typed, 200);
    return performance.now() - pressed;
  });
  return { open: opened, files: paths.length, key: Math.max(...keys) };
}

const [, , mode, ...files] = argv;
console.log(JSON.stringify(mode === 'open' ? await open(files[0] ?? '') : index(files)));
