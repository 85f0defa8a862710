import type { Sliced } from '../browse/formats/slices.ts';
import type { FileEntry, LayerContent } from './layerContent.ts';
import { secretFiles, surestFirst, type SecretFile } from './secretFiles.ts';
import { spaceOf, type Space } from './space.ts';
import { sizeTree, type SizeNode } from './treemap.ts';

/** A likely secret, and whether it is still visible. */
export interface FoundSecret extends SecretFile {
  /** A later layer deletes or replaces the file, which is in the image all the same. */
  readonly hidden?: true;
}

/** What the files of an image say about it, once all of its layers are read. */
export interface Analysis {
  readonly space: Space;
  readonly secrets: readonly FoundSecret[];
  /** Numbers of the layers that were only listed; their contents were not read. */
  readonly listedOnly: readonly number[];
  /** The largest visible files, biggest first, and how many others there are. */
  readonly largest: readonly FileEntry[];
  readonly smaller: number;
  /** Sizes of visible files, by folder. */
  readonly byFolder: SizeNode;
  /** Sizes of all files, by layer and folder. */
  readonly byLayer: SizeNode;
}

/** Files shown as the largest. */
const LARGEST = 25;

/** @param layers base first */
export function* analysisOf(layers: readonly LayerContent[]): Sliced<Analysis> {
  const space = yield* spaceOf(layers);
  const { visible } = space;
  return {
    space,
    secrets: yield* secretsOf(layers, visible),
    listedOnly: layers.filter(({ listedOnly }) => listedOnly).map(({ number }) => number),
    ...(yield* largestOf(visible)),
    byFolder: yield* sizeTree(partsOf(visible)),
    byLayer: yield* sizeTree(partsByLayer(layers)),
  };
}

function* partsByLayer(layers: readonly LayerContent[]): Generator<{ parts: string[]; size: number }> {
  for (const { number, entries } of layers) yield* partsOf(entries, `Layer ${number}`);
}

function* partsOf(files: readonly FileEntry[], ...above: string[]): Generator<{ parts: string[]; size: number }> {
  for (const { path, size } of files) yield { parts: [...above, ...path.split('/')], size };
}

/** Files whose names are matched in one slice. */
const STEP = 200;

function* secretsOf(layers: readonly LayerContent[], visible: readonly FileEntry[]): Sliced<FoundSecret[]> {
  const found: SecretFile[] = [];
  for (const layer of layers) {
    for (let from = 0; from < layer.entries.length; from += STEP) {
      found.push(...secretFiles([{ ...layer, entries: layer.entries.slice(from, from + STEP) }]));
      yield;
    }
  }
  const hidden = new Set(found.map(keyOf));
  for (const entry of visible) {
    hidden.delete(keyOf(entry));
    yield;
  }
  return surestFirst(found).map(secret => (hidden.has(keyOf(secret)) ? { ...secret, hidden: true } : secret));
}

function keyOf({ layer, path }: { readonly layer: number; readonly path: string }): string {
  return `${layer}:${path}`;
}

function* largestOf(visible: readonly FileEntry[]): Sliced<Pick<Analysis, 'largest' | 'smaller'>> {
  let largest: FileEntry[] = [];
  let count = 0;
  const cut = (): FileEntry[] => largest.sort((a, b) => b.size - a.size).slice(0, LARGEST);
  for (const entry of visible) {
    yield;
    if (entry.type !== 'file' || entry.size === 0) continue;
    count += 1;
    largest.push(entry);
    if (largest.length === 20 * LARGEST) largest = cut();
  }
  const best = cut();
  return { largest: best, smaller: count - best.length };
}
