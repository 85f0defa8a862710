import { HARDLINK_STORE, LINK_ROUNDS, meaningOf, splitPath } from '../../layers/tar/entryPath.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { GrowingDirectory, type GrowingNode, lastName } from './layerDirectory.ts';
import type { LayerDirectory } from './layerEntries.ts';
import type { LayerEntries } from './layerEntries.ts';
import { atOnce, type Sliced } from '../formats/slices.ts';

/** A last name that may mean something else than a file, or nothing. */
function isOdd(name: string): boolean {
  return name === '' || name.charCodeAt(0) === DOT || name.includes('\0');
}

const DOT = 0x2e;

/** Extraction leaves such a device out, for it would act as a deletion. */
function isWhiteoutDevice({ devMajor, devMinor }: { readonly devMajor: number; readonly devMinor: number }): boolean {
  return devMajor === 0 && devMinor === 0;
}

/**
 * The tree of one layer as extraction would make it: later entries take the place of earlier ones, what lies behind a link of the same layer goes where that leads,
 * and what would lead out of the image is left out.
 */
export function layerTree(listing: LayerEntries): LayerDirectory {
  return atOnce(layerTreeSteps(listing));
}

/** The same, for long layers. */
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
  readonly at: number;
}

/** What stands before the last name. */
function parentText(path: string, name: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/', path.length - name.length - 1)));
}

/** Entries that are taken in without a pause. */
const STEP = 500;

/** Makes the tree of a layer, also while its entries are still being found. */
export class LayerTreeBuilder {
  readonly #listing: LayerEntries;
  readonly #root: GrowingDirectory;
  /** Directories by what stands before the last name in the paths of entries, as far as no link leads there. */
  readonly #known = new Map<string, GrowingDirectory>();
  #next = 0;
  /** Hard links whose target has not come. */
  #loose: LooseLink[] = [];
  /** Other entries may link into it, but it is not shown. */
  #store: GrowingNode | undefined;
  /** Whether the last {@link LayerTreeBuilder.#follow} went through a link. */
  #passedLink = false;

  constructor(listing: LayerEntries) {
    this.#listing = listing;
    this.#root = new GrowingDirectory(undefined, listing);
  }

  /** Takes in the entries that have come since. Returns the root, always the same. @param upTo without the entries from this number on */
  grow(upTo = this.#listing.count): GrowingDirectory {
    this.#showStore();
    while (this.#next < upTo) this.#add(this.#next++);
    this.#hideStore();
    return this.#root;
  }

  /** Takes in the rest: no more will come. */
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
    if (known && !isOdd(name)) this.#put(known, name, at);
    else this.#addAnywhere(path, at);
  }

  #addAnywhere(path: string, at: number): void {
    const names = splitPath(path);
    if (!names || names.some(name => name.includes('\0'))) return;
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
      // Only a path that ends with the name has the rest before it.
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
    if (type === 'hardlink') return this.#putLink(directory, name, at);
    if (!folder && lastName(this.#listing.path(at)) === name) return directory.addPlain(at);
    if (folder) this.#known.clear();
    directory.set(name, { kind: 'leaf', at, content: at });
  }

  /** A link out of the image, and one to itself, change nothing; one to a directory of this layer makes nothing. */
  #putLink(directory: GrowingDirectory, name: string, at: number): void {
    const names = splitPath(this.#listing.linkname(at));
    const target = names?.pop();
    if (!names || (target === name && this.#follow(names, false) === directory)) return;
    // What it takes the place of may hold its target.
    if (directory.folder(name)) this.#known.clear();
    directory.take(name);
    const node = target === undefined ? this.#root : this.#follow(names, false)?.children.get(target);
    if (node?.kind === 'directory') return;
    directory.set(name, { kind: 'leaf', at, content: node?.content });
    if (node?.content === undefined) this.#loose.push({ directory, name, at });
  }

  /** Some archives have links before what they link to. Those that are left name files of lower layers. */
  #tieLoose(): void {
    for (let round = 0, before = -1; round < LINK_ROUNDS && this.#loose.length !== before; round++) {
      before = this.#loose.length;
      this.#loose = this.#loose.filter(link => !this.#tie(link));
    }
  }

  /** True when the link is loose no more. */
  #tie({ directory, name, at }: LooseLink): boolean {
    const node = directory.children.get(name);
    if (node?.kind !== 'leaf' || node.at !== at) return true;
    const names = splitPath(this.#listing.linkname(at)) ?? [];
    const target = this.#follow(names.slice(0, -1), false)?.children.get(names.at(-1) ?? '');
    if (target?.kind !== 'leaf' || target.content === undefined) return false;
    directory.set(name, { kind: 'leaf', at, content: target.content });
    return true;
  }

  /** Returns the directory that names lead to through links of this layer, see {@link followLinks}. */
  #follow(names: readonly string[], make: boolean): GrowingDirectory | undefined {
    this.#passedLink = false;
    const target = (node: GrowingNode): string | undefined => {
      const at = node.kind === 'leaf' ? (node.content ?? node.at) : undefined;
      if (at === undefined || this.#listing.type(at) !== 'symlink') return undefined;
      this.#passedLink = true;
      return this.#listing.linkname(at);
    };
    const child = (directory: GrowingDirectory, name: string): GrowingNode | undefined => {
      const node = directory.folder(name) ?? directory.children.get(name);
      return make && (!node || (!isDirectory(node) && target(node) === undefined)) ? directory.addFolder(name) : node;
    };
    const found = followLinks<GrowingNode, GrowingDirectory>(this.#root, names, { child, isDirectory, target });
    return found && isDirectory(found) ? found : undefined;
  }
}

function isDirectory(node: GrowingNode): node is GrowingDirectory {
  return node.kind === 'directory';
}
