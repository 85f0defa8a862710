import { LimitExceededError } from '../layers/errors.ts';
import { type ContentTaker, dropHardlinkStore, type TreeMaker } from '../layers/unpack/layerVisitor.ts';
import { IMPLICIT_DIRECTORY, type TarEntry } from '../layers/tar/tarEntry.ts';
import {
  childPath,
  directoriesOf,
  DirectoryNode,
  type FileNode,
  resolveDirectory,
  type SymlinkNode,
  type TreeNode,
} from '../layers/unpack/tree.ts';
import type { Place } from '../layers/unpack/treeWriter.ts';

/** Where in an image a file's content is. */
export interface ContentPlace {
  /** 1 is the base. */
  readonly layer: number;
  /** Number of the entry in the layer; 1 is the first. */
  readonly ordinal: number;
}

/** A file, directory or other entry of the merged file system, under one of its names. */
export interface FlatEntry {
  /** The archive's entry with its path in the tree. */
  readonly entry: TarEntry;
  /** Set for a file with bytes to copy. */
  readonly content?: ContentPlace;
}

/** A file or symlink, shared by its names. */
interface Described {
  readonly entry: TarEntry;
  readonly content?: ContentPlace;
}

/** A node and its path. */
interface Named {
  readonly node: TreeNode;
  readonly path: string;
}

/** Ignores content, which is copied later. */
const NOWHERE: ContentTaker = { write() {}, close() {} };

/**
 * An image's layers merged in memory, as if unpacked one over the other. The names of a file share
 * its description, so that hard links stay links. Memory grows with the number of files, not their
 * size.
 */
export class FlatTree implements TreeMaker {
  readonly root = new DirectoryNode(undefined, '', '', 1);
  readonly #described = new WeakMap<TreeNode, Described>();
  readonly #maxEntries: number;
  #layer = 1;
  #ordinal: () => number = () => 0;
  #made = 0;

  /** @param maxEntries per layer, including directories that are only implied */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get layer(): number {
    return this.#layer;
  }

  /** Starts the next layer. @param ordinal returns the number of the current entry */
  startLayer(layer: number, ordinal: () => number): void {
    this.#layer = layer;
    this.#ordinal = ordinal;
    this.#made = 0;
  }

  parentOf(names: readonly string[]): DirectoryNode | undefined {
    const directory = resolveDirectory(this.root, names.slice(0, -1), {
      layer: this.#layer,
      make: (parent, name) => this.#makeDirectory({ directory: parent, name }),
    });
    for (let node = directory; node && node.layer !== this.#layer; node = node.parent) node.layer = this.#layer;
    return directory;
  }

  openFile(place: Place, entry: TarEntry): ContentTaker {
    const content = entry.size > 0 ? { layer: this.#layer, ordinal: this.#ordinal() } : undefined;
    const node: FileNode = { kind: 'file', layer: this.#layer, facts: undefined };
    this.#described.set(node, { entry, ...(content ? { content } : {}) });
    this.keep(place, node);
    return NOWHERE;
  }

  closeFile(): void {}

  makeDirectory(place: Place, entry: TarEntry): void {
    const existing = place.directory.get(place.name);
    const node = existing?.kind === 'directory' ? existing : this.#makeDirectory(place);
    node.entry = entry;
    node.layer = this.#layer;
  }

  makeSymlink(place: Place, entry: TarEntry): void {
    const node: SymlinkNode = { kind: 'symlink', layer: this.#layer, target: entry.linkname, facts: undefined };
    this.#described.set(node, { entry });
    this.keep(place, node);
  }

  /** Adds another name of a file. The link's own owner, mode and time do not count. */
  makeLink(place: Place, _target: Place, node: FileNode | SymlinkNode): number {
    const described = this.#described.get(node);
    if (!described) return 0;
    // A node of its own, since deletions depend on the layer of each name; but the same
    // description.
    const own = { ...node, layer: this.#layer };
    this.#described.set(own, described);
    this.keep(place, own);
    return 0;
  }

  keep(place: Place, node: TreeNode): void {
    this.clear(place);
    this.#made += 1;
    if (this.#made > this.#maxEntries) throw new LimitExceededError('entries', this.#maxEntries);
    place.directory.set(place.name, node);
  }

  clear({ directory, name }: Place): void {
    const node = directory.get(name);
    if (!node) return;
    // Emptied too, so that nothing that knows them takes their content for a part of the tree.
    if (node.kind === 'directory')
      for (const below of directoriesOf(node)) for (const [child] of below.entries()) below.delete(child);
    directory.delete(name);
  }

  /**
   * Returns all entries after the last layer: directories before their content, names in order,
   * further names of a file as hard links to the first.
   */
  *entries(): Generator<FlatEntry> {
    dropHardlinkStore(this);
    const named = new Map<Described, string>();
    const open: Named[] = [{ node: this.root, path: '' }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, path } = next;
      const found = this.#entryOf(next, named);
      if (found) yield found;
      if (node.kind !== 'directory') continue;
      const children = [...node.entries()].sort(([a], [b]) => (a < b ? 1 : -1));
      for (const [name, child] of children) open.push({ node: child, path: childPath(path, name) });
    }
  }

  #entryOf({ node, path }: Named, named: Map<Described, string>): FlatEntry | undefined {
    if (node === this.root) return this.root.entry && { entry: { ...this.root.entry, path: './' } };
    if (node.kind === 'directory') return { entry: { ...(node.entry ?? IMPLICIT_DIRECTORY), path: `${path}/` } };
    if (node.kind === 'whiteout' || node.kind === 'link') return undefined;
    if (node.kind !== 'file' && node.kind !== 'symlink') return { entry: { ...node.entry, path } };
    const described = this.#described.get(node);
    return described && nameOf(described, path, named);
  }

  #makeDirectory(place: Place): DirectoryNode {
    const node = new DirectoryNode(place.directory, place.name, place.name, this.#layer);
    this.keep(place, node);
    return node;
  }
}

/** Returns the entry of a file's name: the first has the content, the others link to it. */
function nameOf(described: Described, path: string, named: Map<Described, string>): FlatEntry {
  const first = named.get(described);
  if (first !== undefined) return { entry: { ...described.entry, path, type: 'hardlink', linkname: first } };
  named.set(described, path);
  return { ...described, entry: { ...described.entry, path } };
}
