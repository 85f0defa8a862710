import type { Sliced } from '../browse/formats/slices.ts';
import type { FileEntry, LayerContent } from './layerContent.ts';

/** Files of one path that later layers overwrite or delete. */
export interface HiddenFile {
  readonly path: string;
  /** Bytes of all hidden copies. */
  readonly bytes: number;
  readonly copies: number;
  /** The layers with the copies, and those that hid them. */
  readonly layers: readonly number[];
  readonly hiddenBy: readonly number[];
  /** Nothing is visible at the path. */
  readonly deleted: boolean;
}

/** How much of an image's layers is visible, and how much is wasted. */
export interface Space {
  /** Everything visible in the stacked layers, unordered. */
  readonly visible: readonly FileEntry[];
  readonly visibleBytes: number;
  /** Biggest first. */
  readonly hidden: readonly HiddenFile[];
  readonly hiddenBytes: number;
  /** The sum that `dive` shows: it adds the visible copy of files with hidden ones. */
  readonly diveBytes: number;
}

/**
 * Stacks layers and separates visible files from wasted space: every copy of a file but the visible
 * one. `dive` finds the same files. Deletions and type changes work as in an overlay mount.
 * @param layers base first
 */
export function* spaceOf(layers: readonly LayerContent[]): Sliced<Space> {
  const stack = new Stack();
  for (const layer of layers) yield* stack.add(layer);
  const visible: FileEntry[] = [];
  let visibleBytes = 0;
  /** First names of files that are visible under another name, by layer. */
  const kept = new Set<string>();
  for (const entry of stack.visible()) {
    visible.push(entry);
    visibleBytes += entry.size;
    if (entry.type === 'hardlink') kept.add(key(entry.layer, entry.linkname));
    yield;
  }
  const hidden = yield* stack.hiddenFiles(kept);
  const hiddenBytes = hidden.reduce((sum, { bytes }) => sum + bytes, 0);
  const replaced = new Set(hidden.filter(({ deleted }) => !deleted).map(({ path }) => path));
  const remaining = visible.filter(({ path }) => replaced.has(path));
  const diveBytes = remaining.reduce((sum, { size }) => sum + size, hiddenBytes);
  return { visible, visibleBytes, hidden, hiddenBytes, diveBytes };
}

interface Hidden {
  readonly entry: FileEntry;
  /** Number of the layer that hides it. */
  readonly by: number;
}

interface Node {
  entry?: FileEntry;
  children?: Map<string, Node>;
}

/** The merged view of the layers added so far. */
class Stack {
  readonly #hidden: Hidden[] = [];
  readonly #root: Node = {};

  *add({ number, entries, deleted, opaque }: LayerContent): Sliced<void> {
    // Deletions concern the layers below, wherever they are in the archive.
    for (const path of deleted) this.#remove(path, number);
    for (const path of opaque) this.#clear(this.#find(path), number);
    for (const entry of entries) {
      this.#put(entry);
      yield;
    }
  }

  *visible(): Generator<FileEntry> {
    yield* entriesBelow(this.#root);
  }

  /**
   * Returns hidden files, biggest first.
   * @param kept files still visible under another name, which are not wasted
   */
  *hiddenFiles(kept: ReadonlySet<string>): Sliced<HiddenFile[]> {
    const byPath = new Map<string, [Hidden, ...Hidden[]]>();
    for (const hidden of this.#hidden) {
      const { layer, path } = hidden.entry;
      yield;
      if (kept.has(key(layer, path))) continue;
      const others = byPath.get(path);
      if (others) others.push(hidden);
      else byPath.set(path, [hidden]);
    }
    const files: HiddenFile[] = [];
    for (const [path, copies] of byPath) {
      files.push(hiddenFile(path, copies, !this.#find(path)?.entry));
      yield;
    }
    return files.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  }

  #put(entry: FileEntry): void {
    let node = this.#root;
    const names = entry.path === '' ? [] : entry.path.split('/');
    for (const [at, name] of names.entries()) {
      const last = at === names.length - 1;
      node.children ??= new Map();
      let next = node.children.get(name);
      if (!next) node.children.set(name, (next = {}));
      // A file is replaced by a directory that a later path needs.
      if (!last && next.entry && next.entry.type !== 'directory') this.#hideEntry(next, entry.layer);
      node = next;
    }
    if (entry.type !== 'directory') this.#clear(node, entry.layer);
    if (node.entry) this.#hideEntry(node, entry.layer);
    node.entry = entry;
  }

  #remove(path: string, by: number): void {
    const at = path.lastIndexOf('/');
    const parent = at < 0 ? this.#root : this.#find(path.slice(0, at));
    const name = path.slice(at + 1);
    const node = parent?.children?.get(name);
    if (!node) return;
    this.#clear(node, by);
    this.#hideEntry(node, by);
    parent?.children?.delete(name);
  }

  /** Hides everything below. */
  #clear(node: Node | undefined, by: number): void {
    if (!node?.children) return;
    for (const child of node.children.values()) {
      for (const entry of entriesBelow(child)) this.#hide(entry, by);
    }
    delete node.children;
  }

  #hideEntry(node: Node, by: number): void {
    if (node.entry) this.#hide(node.entry, by);
    delete node.entry;
  }

  #hide(entry: FileEntry, by: number): void {
    if (entry.type === 'file') this.#hidden.push({ entry, by });
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path === '' ? [] : path.split('/')) node = node?.children?.get(name);
    return node;
  }
}

/** Without recursion, since images nest folders without limit. */
function* entriesBelow(top: Node): Generator<FileEntry> {
  const open = [top];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.entry) yield node.entry;
    if (node.children) for (const child of node.children.values()) open.push(child);
  }
}

function hiddenFile(path: string, copies: readonly Hidden[], deleted: boolean): HiddenFile {
  return {
    path,
    bytes: copies.reduce((sum, { entry }) => sum + entry.size, 0),
    copies: copies.length,
    layers: [...new Set(copies.map(({ entry }) => entry.layer))],
    hiddenBy: [...new Set(copies.map(({ by }) => by))],
    deleted,
  };
}

function key(layer: number, path: string): string {
  return `${layer}:${path}`;
}
