import { splitPath } from '../layers/tar/entryPath.ts';
import { LimitExceededError, quoted } from '../layers/errors.ts';
import { type ContentTaker, dropHardlinkStore, findPlace, type TreeMaker } from '../layers/unpack/layerVisitor.ts';
import { IMPLICIT_DIRECTORY, type TarEntry } from '../layers/tar/tarEntry.ts';
import {
  childPath,
  DirectoryNode,
  type FileNode,
  type LinkNode,
  resolveDirectory,
  type SymlinkNode,
  type TreeNode,
} from '../layers/unpack/tree.ts';
import type { Place } from '../layers/unpack/treeWriter.ts';
import type { Warnings } from '../layers/warnings.ts';

/** Where in an image a file's content stands. */
export interface ContentPlace {
  /** 1 is the base. */
  readonly layer: number;
  /** Which of the layer's entries it is; 1 is the first. */
  readonly ordinal: number;
}

/** One thing of the merged file system, with the name that it is met under in the tree. */
export interface FlatEntry {
  /** As the archive's entry, with the path in the tree in place of its own. */
  readonly entry: TarEntry;
  /** Of a file with bytes to copy. */
  readonly content?: ContentPlace;
}

/** What a file or symlink is, shared by its names. */
interface Described {
  readonly entry: TarEntry;
  readonly content?: ContentPlace;
}

/** Content is not looked at here. */
const NOWHERE: ContentTaker = { write() {}, close() {} };

/** How often links to links are looked at that stand in the archive before what they link to. */
const MAX_ROUNDS = 16;

/**
 * An image's layers merged in memory: what would be on a disk if they were unpacked one over the other, without a disk. Names of one file share one node, so that links stay
 * links. Memory grows with the number of files, not with their size.
 */
export class FlatTree implements TreeMaker {
  readonly root = new DirectoryNode(undefined, '', '', 1);
  readonly #described = new Map<TreeNode, Described>();
  readonly #warnings: Warnings;
  readonly #maxEntries: number;
  #layer = 1;
  #ordinal: () => number = () => 0;
  #made = 0;

  /** @param maxEntries for each layer, directories that are only implied included */
  constructor(maxEntries: number, warnings: Warnings) {
    this.#maxEntries = maxEntries;
    this.#warnings = warnings;
  }

  get layer(): number {
    return this.#layer;
  }

  /** Entries come from another layer from here on. `ordinal` tells which entry is just being taken. */
  startLayer(layer: number, ordinal: () => number): void {
    this.#layer = layer;
    this.#ordinal = ordinal;
    this.#made = 0;
  }

  parentOf(names: readonly string[]): DirectoryNode | undefined {
    const directory = resolveDirectory(this.root, names.slice(0, -1), (parent, name) =>
      this.#makeDirectory({ directory: parent, name }),
    );
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

  /** Another name for the same file, whatever the link's own header says of owner, mode and time. */
  makeLink(place: Place, _target: Place, node: FileNode | SymlinkNode): void {
    const described = this.#described.get(node);
    if (!described) return;
    // A deletion asks in which layer each name was made, so the name gets a node of its own, but the same description.
    const own = { ...node, layer: this.#layer };
    this.#described.set(own, described);
    this.keep(place, own);
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
    if (node.kind === 'directory') for (const [child] of node.entries()) this.clear({ directory: node, name: child });
    this.#described.delete(node);
    directory.delete(name);
  }

  /** All layers have come. Everything there is, directories before what is in them, names in order; further names of a file as hard links to its first. */
  *entries(): Generator<FlatEntry> {
    dropHardlinkStore(this);
    this.#makeLateLinks();
    if (this.root.entry) yield { entry: { ...this.root.entry, path: './' } };
    yield* this.#inside(this.root, '', new Map());
  }

  #makeDirectory(place: Place): DirectoryNode {
    const node = new DirectoryNode(place.directory, place.name, place.name, this.#layer);
    this.keep(place, node);
    return node;
  }

  #makeLateLinks(): void {
    let waiting = [...linksIn(this.root)];
    for (let round = 0, before = -1; round < MAX_ROUNDS && waiting.length !== before; round++) {
      before = waiting.length;
      waiting = waiting.filter(({ place, node }) => !this.#makeLateLink(place, node));
    }
    for (const { place, node } of waiting) {
      const path = childPath(place.directory.path, place.name);
      this.#warnings.add(
        `${quoted(path)} is missing: it is a hard link to ${quoted(node.entry.linkname)}, which no layer has`,
      );
      this.clear(place);
    }
  }

  #makeLateLink(place: Place, { entry }: LinkNode): boolean {
    const target = findPlace(this.root, splitPath(entry.linkname) ?? []);
    const node = target && target.directory.get(target.name);
    if (!target || (node?.kind !== 'file' && node?.kind !== 'symlink')) return false;
    this.makeLink(place, target, node);
    return true;
  }

  *#inside(directory: DirectoryNode, path: string, named: Map<Described, string>): Generator<FlatEntry> {
    const children = [...directory.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, node] of children) {
      const child = childPath(path, name);
      if (node.kind === 'directory') {
        yield { entry: { ...(node.entry ?? IMPLICIT_DIRECTORY), path: `${child}/` } };
        yield* this.#inside(node, child, named);
      } else if (node.kind === 'file' || node.kind === 'symlink') {
        const described = this.#described.get(node);
        if (described) yield nameOf(described, child, named);
      } else if (node.kind !== 'whiteout' && node.kind !== 'link') yield { entry: { ...node.entry, path: child } };
    }
  }
}

/** The first name holds the content, the others link to it. */
function nameOf(described: Described, path: string, named: Map<Described, string>): FlatEntry {
  const first = named.get(described);
  if (first !== undefined) return { entry: { ...described.entry, path, type: 'hardlink', linkname: first } };
  named.set(described, path);
  return { ...described, entry: { ...described.entry, path } };
}

/** Links that wait for what they link to. */
function* linksIn(directory: DirectoryNode): Generator<{ readonly place: Place; readonly node: LinkNode }> {
  for (const [name, node] of directory.entries()) {
    if (node.kind === 'directory') yield* linksIn(node);
    else if (node.kind === 'link') yield { place: { directory, name }, node };
  }
}
