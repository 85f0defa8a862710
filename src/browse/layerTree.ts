import { HARDLINK_STORE, meaningOf, splitPath } from '../layers/entryPath.ts';
import type { LayerEntries } from './layerIndex.ts';
import { atOnce, type Sliced } from './slices.ts';

/** Something in one layer's own tree. */
export type LayerNode = LayerDirectory | LayerLeaf;

export interface LayerLeaf {
  readonly kind: 'leaf';
  /** Number of the entry in the index. */
  readonly at: number;
  /** For a hard link the entry of the file that it names, or `undefined` when that lies in a layer below; else the same as `at`. */
  readonly content: number | undefined;
}

/** A directory of one layer. */
export class LayerDirectory {
  readonly kind = 'directory';
  readonly parent: LayerDirectory | undefined;
  /** Number of the entry; `undefined` where the archive does not describe the directory. */
  at: number | undefined;
  readonly children = new Map<string, LayerNode>();
  /** Names that are deleted here. */
  readonly whiteouts = new Set<string>();
  /** Hides all that lower layers have here. */
  opaque = false;

  constructor(parent: LayerDirectory | undefined) {
    this.parent = parent;
  }
}

/** The name of a path that lies right in a directory, written without detours, and means nothing but a file. */
function plainName(path: string, directory: string): string | undefined {
  const from = directory.length + 1;
  if (directory === '' || path.charCodeAt(from - 1) !== SLASH || !path.startsWith(directory)) return undefined;
  const to = path.charCodeAt(path.length - 1) === SLASH ? path.length - 1 : path.length;
  const slash = path.indexOf('/', from);
  // A leading dot may be one of the names that mean something.
  if (to <= from || (slash !== -1 && slash < to) || path.charCodeAt(from) === DOT || path.includes('\0'))
    return undefined;
  return path.slice(from, to);
}

const SLASH = 0x2f;
const DOT = 0x2e;

/** Extraction leaves such a device out, for it would act as a deletion. */
function isWhiteoutDevice({ devMajor, devMinor }: { readonly devMajor: number; readonly devMinor: number }): boolean {
  return devMajor === 0 && devMinor === 0;
}

/** As many links in a row as Linux follows. */
export const MAX_LINKS = 40;

/**
 * The tree of one layer as extraction would make it: later entries take the place of earlier ones, what lies behind a link of the same layer goes where that leads,
 * and what would lead out of the image is left out.
 */
export function layerTree(index: LayerEntries): LayerDirectory {
  return atOnce(layerTreeSteps(index));
}

/** The same, for long layers. */
export function* layerTreeSteps(index: LayerEntries): Sliced<LayerDirectory> {
  const builder = new LayerTreeBuilder(index);
  for (let upTo = STEP; upTo < index.count; upTo += STEP) {
    builder.grow(upTo);
    yield;
  }
  return builder.grow();
}

/** Entries that are taken in without a pause. */
const STEP = 500;

/** Makes the tree of a layer, also while its entries are still being found. */
export class LayerTreeBuilder {
  readonly #index: LayerEntries;
  readonly #root = new LayerDirectory(undefined);
  #last: { readonly path: string; readonly directory: LayerDirectory } = { path: '', directory: this.#root };

  #next = 0;
  /** Other entries may link into it, but it is not shown. */
  #store: LayerNode | undefined;

  constructor(index: LayerEntries) {
    this.#index = index;
  }

  /** Takes in the entries that have come since. Returns the root, always the same. @param upTo without the entries from this number on */
  grow(upTo = this.#index.count): LayerDirectory {
    if (this.#store) this.#root.children.set(HARDLINK_STORE, this.#store);
    while (this.#next < upTo) this.#add(this.#next++);
    this.#store = this.#root.children.get(HARDLINK_STORE);
    this.#root.children.delete(HARDLINK_STORE);
    return this.#root;
  }

  #add(at: number): void {
    const path = this.#index.path(at);
    const name = plainName(path, this.#last.path);
    // Nearly every entry lies in the directory of the one before it.
    if (name === undefined) this.#addAnywhere(path, at);
    else this.#put(this.#last.directory, name, at);
  }

  #addAnywhere(path: string, at: number): void {
    const names = splitPath(path);
    if (!names || names.some(name => name.includes('\0'))) return;
    const name = names.pop();
    if (name === undefined) {
      if (this.#index.type(at) === 'directory') this.#root.at = at;
      return;
    }
    const meaning = meaningOf([...names, name]);
    if (meaning.kind === 'ignored' || meaning.kind === 'invalid') return;
    const directory = this.#parent(names);
    if (!directory) return;
    if (meaning.kind === 'whiteout') directory.whiteouts.add(meaning.hidden);
    else if (meaning.kind === 'opaque') directory.opaque = true;
    else this.#put(directory, name, at);
  }

  #put(directory: LayerDirectory, name: string, at: number): void {
    const existing = directory.children.get(name);
    const type = this.#index.type(at);
    if (type === 'directory') {
      const made = existing?.kind === 'directory' ? existing : new LayerDirectory(directory);
      made.at = at;
      directory.children.set(name, made);
      return;
    }
    if (type === 'char' && isWhiteoutDevice(this.#index.entry(at))) return;
    if (existing?.kind === 'directory') this.#last = { path: '', directory: this.#root };
    const content = type === 'hardlink' ? this.#target(at) : at;
    directory.children.set(name, { kind: 'leaf', at, content });
  }

  /** What a hard link names, in this layer. */
  #target(at: number): number | undefined {
    const names = splitPath(this.#index.linkname(at)) ?? [];
    const name = names.pop();
    const node = name === undefined ? undefined : this.#follow(names, false)?.children.get(name);
    return node?.kind === 'leaf' ? node.content : undefined;
  }

  #parent(names: readonly string[]): LayerDirectory | undefined {
    const path = names.join('/');
    if (this.#last.path === path) return this.#last.directory;
    const directory = this.#follow(names, true);
    if (directory) this.#last = { path, directory };
    return directory;
  }

  /** Follows names from the root, through links of this layer; `undefined` for a loop, and where there is nothing and nothing is to be made. */
  #follow(names: readonly string[], make: boolean): LayerDirectory | undefined {
    const ahead = names.toReversed();
    let directory = this.#root;
    let links = 0;
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        directory = directory.parent ?? directory;
        continue;
      }
      const node = directory.children.get(name);
      if (node?.kind === 'directory') directory = node;
      else if (node && this.#index.type(node.content ?? node.at) === 'symlink') {
        if (++links > MAX_LINKS) return undefined;
        const target = this.#index.linkname(node.content ?? node.at);
        if (target.startsWith('/')) directory = this.#root;
        ahead.push(...target.split('/').reverse());
      } else if (make) {
        const made = new LayerDirectory(directory);
        directory.children.set(name, made);
        directory = made;
      } else return undefined;
    }
    return directory;
  }
}
