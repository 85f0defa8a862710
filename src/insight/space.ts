import { atOnce, type Sliced } from '../browse/formats/slices.ts';
import type { FileEntry, LayerContent } from './layerContent.ts';

/** Files of one path that nobody sees, for later layers overwrote or deleted them. */
export interface HiddenFile {
  readonly path: string;
  /** Bytes of all its copies that are hidden. */
  readonly bytes: number;
  /** How many such copies there are. */
  readonly copies: number;
  /** The layers with the copies, and those that hid them. */
  readonly layers: readonly number[];
  readonly hiddenBy: readonly number[];
  /** Nothing is left at the path. */
  readonly deleted: boolean;
}

/** What the bytes of an image's layers are there for. */
export interface Space {
  /** Everything that can be seen when all layers are stacked, in no order. */
  readonly visible: readonly FileEntry[];
  /** Bytes of the files that can be seen. */
  readonly visibleBytes: number;
  /** Biggest first. */
  readonly hidden: readonly HiddenFile[];
  readonly hiddenBytes: number;
  /** The same as `dive` sums it up: with the copy that is seen of a file that has hidden ones. */
  readonly diveBytes: number;
}

/**
 * Stacks the layers, base first, and tells which files can be seen and which only cost space: every copy of a file counts as wasted but the one
 * that is seen. The tool `dive` finds the same files, and adds that copy to its sum. Deletions and types that change are taken as an overlay mount takes them.
 */
export function spaceOf(layers: readonly LayerContent[]): Space {
  return atOnce(spaceSteps(layers));
}

/** The same, for large images. */
export function* spaceSteps(layers: readonly LayerContent[]): Sliced<Space> {
  const stack = new Stack();
  for (const layer of layers) yield* stack.add(layer);
  const visible: FileEntry[] = [];
  let visibleBytes = 0;
  /** What files with several names are called first, by layer. */
  const kept = new Set<string>();
  for (const entry of stack.visible()) {
    visible.push(entry);
    visibleBytes += entry.size;
    if (entry.type === 'hardlink') kept.add(key(entry.layer, entry.linkname));
    yield;
  }
  const hidden = yield* stack.lost(kept);
  const hiddenBytes = hidden.reduce((sum, { bytes }) => sum + bytes, 0);
  const replaced = new Set(hidden.filter(({ deleted }) => !deleted).map(({ path }) => path));
  const seen = visible.filter(({ path }) => replaced.has(path));
  const diveBytes = seen.reduce((sum, { size }) => sum + size, hiddenBytes);
  return { visible, visibleBytes, hidden, hiddenBytes, diveBytes };
}

interface Hidden {
  readonly entry: FileEntry;
  /** The layer that hid it. */
  readonly by: number;
}

interface Node {
  entry?: FileEntry;
  children?: Map<string, Node>;
}

/** The layers so far, as they are seen from above. */
class Stack {
  readonly #hidden: Hidden[] = [];
  readonly #root: Node = {};

  *add({ number, entries, deleted, opaque }: LayerContent): Sliced<void> {
    // Deletions are about the layers below, wherever they stand in the archive.
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

  /** What is hidden, biggest first. @param kept files that still have another name: they are not wasted when one of their names goes */
  *lost(kept: ReadonlySet<string>): Sliced<HiddenFile[]> {
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
      files.push(together(path, copies, !this.#find(path)?.entry));
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
      // What is no directory gives way to one that is needed above it.
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

  /** Takes away everything below. */
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

/** Without recursion, for an image may nest its folders as deep as it likes. */
function* entriesBelow(top: Node): Generator<FileEntry> {
  const open = [top];
  for (let node = open.pop(); node; node = open.pop()) {
    if (node.entry) yield node.entry;
    if (node.children) for (const child of node.children.values()) open.push(child);
  }
}

function together(path: string, copies: readonly Hidden[], deleted: boolean): HiddenFile {
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
