import { HARDLINK_STORE, meaningOf, splitPath, unusablePath } from '../../layers/tar/entryPath.ts';
import { tieLinks } from '../../layers/unpack/lateLinks.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { GrowingDirectory, type GrowingNode, lastName } from './layerDirectory.ts';
import type { LayerDirectory, LayerEntries, LayerLeaf, LayerNode } from './layerEntries.ts';
import { atOnce, type Sliced } from '../formats/slices.ts';

/** Returns whether a last name may be a whiteout, `..`, or nothing at all. */
function isOdd(name: string): boolean {
  return name === '' || name.startsWith('.');
}

/** Extraction leaves such a device out, since overlayfs would take it for a whiteout. */
function isWhiteoutDevice({ devMajor, devMinor }: { readonly devMajor: number; readonly devMinor: number }): boolean {
  return devMajor === 0 && devMinor === 0;
}

/** Returns whether no symbolic link can have such a target (symlink(2)). */
function isImpossibleTarget(target: string): boolean {
  return target === '' || target.length > 4095 || target.includes('\0');
}

/**
 * Returns the tree of one layer as extraction would create it. Later entries replace earlier ones,
 * paths through a link of the same layer lead where it points, and entries that extraction refuses
 * are left out.
 */
export function layerTree(listing: LayerEntries): LayerDirectory {
  return atOnce(layerTreeSteps(listing));
}

/** Does the same for layers with many entries. */
export function* layerTreeSteps(listing: LayerEntries): Sliced<LayerDirectory> {
  if (listing.tree) return listing.tree;
  const builder = new LayerTreeBuilder(listing);
  for (let upTo = STEP; upTo < listing.count; upTo += STEP) {
    builder.grow(upTo);
    yield;
  }
  return builder.finish();
}

interface LooseLink {
  readonly directory: GrowingDirectory;
  readonly name: string;
  readonly leaf: LayerLeaf;
}

/** Returns the part of a path before its last name, as written. */
function parentText(path: string, name: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/', path.length - name.length - 1)));
}

/** Entries added without a pause. */
const STEP = 500;

/** Builds the tree of a layer, even while its entries are still being found. */
export class LayerTreeBuilder {
  readonly #listing: LayerEntries;
  readonly #root: GrowingDirectory;
  /** Directories by the part of a path before its last name, unless it leads through a link. */
  readonly #known = new Map<string, GrowingDirectory>();
  #next = 0;
  /** Hard links whose target was not found yet. */
  #loose: LooseLink[] = [];
  /** AUFS's hidden store of files that other entries link to. */
  #store: GrowingNode | undefined;
  /** Whether the last {@link LayerTreeBuilder.#follow} went through a link. */
  #passedLink = false;

  constructor(listing: LayerEntries) {
    this.#listing = listing;
    this.#root = new GrowingDirectory(undefined, listing);
  }

  /** Adds the entries found since, up to number `upTo`. Always returns the same root. */
  grow(upTo = this.#listing.count): GrowingDirectory {
    this.#showStore();
    while (this.#next < upTo) this.#add(this.#next++);
    this.#hideStore();
    return this.#root;
  }

  /** Adds the remaining entries, of which there will be no more. */
  finish(): GrowingDirectory {
    this.grow();
    this.#showStore();
    this.#tieLoose();
    this.#hideStore();
    return this.#root;
  }

  #showStore(): void {
    if (this.#store) this.#root.set(HARDLINK_STORE, this.#store);
  }

  #hideStore(): void {
    this.#store = this.#root.take(HARDLINK_STORE);
  }

  #add(at: number): void {
    const path = this.#listing.path(at);
    const name = lastName(path);
    const known = this.#known.get(parentText(path, name));
    if (!known || isOdd(name)) this.#addAnywhere(path, at);
    else if (unusablePath(path, [name]) === undefined) this.#put(known, name, at);
  }

  #addAnywhere(path: string, at: number): void {
    const names = splitPath(path);
    if (!names || unusablePath(path, names) !== undefined) return;
    const name = names.pop();
    if (name === undefined) {
      if (this.#listing.type(at) === 'directory') this.#root.at = at;
      return;
    }
    const meaning = meaningOf([...names, name]);
    if (meaning.kind === 'ignored' || meaning.kind === 'invalid') return;
    const directory = this.#follow(names, true);
    if (!directory) return;
    if (meaning.kind === 'whiteout') directory.hide(meaning.hidden);
    else if (meaning.kind === 'opaque') directory.opaque = true;
    else {
      // A path such as `a/b/.` does not end with its last name.
      const before = lastName(path) === name ? parentText(path, name) : '';
      if (!this.#passedLink && before !== '' && !before.includes('.wh.')) this.#known.set(before, directory);
      this.#put(directory, name, at);
    }
  }

  #put(directory: GrowingDirectory, name: string, at: number): void {
    const folder = directory.folder(name);
    const type = this.#listing.type(at);
    if (type === 'directory') {
      (folder ?? directory.addFolder(name)).at = at;
      return;
    }
    if (type === 'char' && isWhiteoutDevice(this.#listing.entry(at))) return;
    if (type === 'symlink' && isImpossibleTarget(this.#listing.linkname(at))) return;
    if (type === 'hardlink') return this.#putLink(directory, name, at);
    if (!folder && lastName(this.#listing.path(at)) === name) return directory.addPlain(at);
    if (folder) this.#known.clear();
    directory.set(name, { kind: 'leaf', at, content: at });
  }

  // Links out of the image or to themselves have no effect; one to a directory only removes what it
  // replaces.
  #putLink(directory: GrowingDirectory, name: string, at: number): void {
    const names = splitPath(this.#listing.linkname(at));
    const target = names?.pop();
    if (!names || (target === name && this.#follow(names, false) === directory)) return;
    // The link may replace the directory that holds its target.
    if (directory.folder(name)) this.#known.clear();
    directory.take(name);
    const node = target === undefined ? this.#root : this.#follow(names, false)?.children.get(target);
    if (node?.kind === 'directory') return;
    if (node?.content !== undefined) return directory.set(name, { ...node, at });
    // A link to a link that waits itself waits for the same.
    const waits = node ?? { linkBelow: this.#isDeleted([...names, target ?? '']) ? undefined : at };
    const leaf: LayerLeaf = {
      kind: 'leaf',
      at,
      content: undefined,
      ...(waits.linkBelow === undefined ? {} : { linkBelow: waits.linkBelow }),
    };
    directory.set(name, leaf);
    this.#loose.push({ directory, name, leaf });
  }

  /** Returns true where the layer has hidden what lower layers have at a path. */
  #isDeleted(names: readonly string[]): boolean {
    let directory = this.#root;
    for (const name of names) {
      if (directory.opaque || directory.whiteouts.has(name)) return true;
      const next = directory.folder(name);
      if (!next) return false;
      directory = next;
    }
    return false;
  }

  /**
   * Ties links to what came after them in the layer. Those that lower layers have nothing for,
   * either, are not shown.
   */
  #tieLoose(): void {
    const loose = this.#loose.filter(({ directory, name, leaf }) => directory.children.get(name) === leaf);
    const byLeaf = new Map<LayerNode, LooseLink>(loose.map(link => [link.leaf, link]));
    tieLinks(
      loose,
      link => byLeaf.get(this.#targetOf(link) ?? link.leaf),
      link => this.#tie(link),
    );
    this.#loose = [];
  }

  #targetOf({ leaf }: LooseLink): LayerNode | undefined {
    return findInLayer(this.#listing, this.#root, this.#listing.linkname(leaf.at));
  }

  /** Returns false if the layer has no target for the link. */
  #tie(link: LooseLink): boolean {
    const target = this.#targetOf(link);
    if (target?.kind !== 'leaf') return false;
    const { content, linkBelow } = target;
    if (content !== undefined) link.directory.set(link.name, { ...link.leaf, content });
    return content !== undefined || linkBelow !== undefined;
  }

  /** Returns the directory that names lead to through links of this layer. */
  #follow(names: readonly string[], make: boolean): GrowingDirectory | undefined {
    this.#passedLink = false;
    const target = (node: LayerNode): string | undefined => {
      const found = symlinkTarget(this.#listing, node);
      this.#passedLink ||= found !== undefined;
      return found;
    };
    const child = (directory: GrowingDirectory, name: string): GrowingNode | undefined => {
      const node = directory.folder(name) ?? directory.children.get(name);
      return make && (!node || (!isDirectory(node) && target(node) === undefined)) ? directory.addFolder(name) : node;
    };
    const found = followLinks<GrowingNode, GrowingDirectory>(this.#root, names, { child, isDirectory, target });
    return found && isDirectory(found) ? found : undefined;
  }
}

/** Returns what a layer itself has at a path, following its own links except in the last name. */
export function findInLayer(listing: LayerEntries, root: LayerDirectory, path: string): LayerNode | undefined {
  const names = splitPath(path);
  const child = (directory: LayerDirectory, name: string): LayerNode | undefined => directory.children.get(name);
  const target = (node: LayerNode): string | undefined => symlinkTarget(listing, node);
  return names && followLinks<LayerNode, LayerDirectory>(root, names, { child, isDirectory, target }, 'keep');
}

function isDirectory<Directory extends LayerDirectory>(node: Directory | LayerLeaf): node is Directory {
  return node.kind === 'directory';
}

/** Returns the target of a symlink, `undefined` for anything else. */
export function symlinkTarget(listing: LayerEntries, node: LayerNode): string | undefined {
  const at = node.kind === 'leaf' ? (node.content ?? node.at) : undefined;
  return at !== undefined && listing.type(at) === 'symlink' ? listing.linkname(at) : undefined;
}
