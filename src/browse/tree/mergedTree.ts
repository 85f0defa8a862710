import { splitPath } from '../../layers/tar/entryPath.ts';
import type { EntryType } from '../../layers/tar/tarEntry.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { LinkOutOfLayerError, NoSuchPathError, WrongKindError } from '../errors.ts';
import type { LayerFiles } from '../sources/layerFiles.ts';
import type { LayerDirectory, ListingEntry } from '../listing/layerEntries.ts';
import { findInLayer, layerTree, symlinkTarget } from '../listing/layerTree.ts';
import { nameFromShown } from './shownPath.ts';

/** A layer and its number in the image. */
export interface NumberedLayer {
  /** 1 is the base. */
  readonly number: number;
  readonly files: LayerFiles;
  /** Its own tree, if already built. */
  readonly directory?: LayerDirectory;
}

/** A file, directory or symlink of the image. A hard link has the facts of the file it names. */
export interface FileFacts {
  /** From the image's root, without a leading slash; '' for the root. */
  readonly path: string;
  readonly type: Exclude<EntryType, 'hardlink'>;
  /** Bytes; 0 except for files. */
  readonly size: number;
  /** The lower twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a symbolic link, or the path that a hard link names. */
  readonly linkname?: string;
  /** Number of the layer it comes from. */
  readonly layer: number;
  /** False if no digest of the image covers what was read of that layer. */
  readonly verified?: false;
}

/** A directory of one of the stacked layers. */
interface Stacked {
  readonly layer: NumberedLayer;
  readonly directory: LayerDirectory;
}

/** An entry of one of the layers. */
interface Place {
  readonly layer: NumberedLayer;
  readonly at: number;
}

/**
 * Finds the content of a hard link to a file of the layers below, which counts before its `own`.
 */
type LinkResolver = (link: Place, own: Place | undefined) => Place | undefined;

/** A node of the merged tree. */
export class MergedNode {
  readonly path: string;
  /** Number of the layer it comes from. */
  readonly layer: number;
  /** Entry with the content, which differs from its own for a hard link; absent for directories. */
  readonly content: Place | undefined;
  /** Entry that describes it; `undefined` for a directory that archives only imply. */
  readonly #described: Place | undefined;
  /** The directories of all layers merged here, top first; `undefined` unless it is a directory. */
  readonly #parts: readonly Stacked[] | undefined;
  #children: ReadonlyMap<string, MergedNode> | undefined;

  private constructor(path: string, layer: number, described: Place | undefined, content?: Place, parts?: Stacked[]) {
    this.path = path;
    this.layer = layer;
    this.content = content;
    this.#described = described;
    this.#parts = parts;
  }

  /** What callers and rows show of it. */
  get facts(): FileFacts {
    const { path, layer, entry, contentEntry, content } = this;
    if (!entry || !contentEntry) {
      const { mode = 0o755, uid = 0, gid = 0, mtime = 0 } = entry ?? {};
      return { path, type: 'directory', size: 0, mode, uid, gid, mtime, layer };
    }
    const { size, mode, uid, gid, mtime } = contentEntry;
    const type = contentEntry.type === 'hardlink' ? 'file' : contentEntry.type;
    const { linkname } = type === 'symlink' ? contentEntry : entry;
    const doubt: Pick<FileFacts, 'verified'> =
      content?.layer.files.listing.facts.verified === false ? { verified: false } : {};
    return { path, type, size, mode, uid, gid, mtime, layer, ...(linkname === '' ? {} : { linkname }), ...doubt };
  }

  /** @param parts top first */
  static directory(path: string, parts: Stacked[]): MergedNode {
    // An implied directory changes nothing about the ones below it.
    const part = parts.find(({ directory }) => directory.at !== undefined) ?? parts[0];
    const at = part?.directory.at;
    const described = part && at !== undefined ? { layer: part.layer, at } : undefined;
    return new MergedNode(path, part?.layer.number ?? 0, described, undefined, parts);
  }

  static leaf(path: string, place: Place, content: Place): MergedNode {
    return new MergedNode(path, place.layer.number, place, content);
  }

  get isDirectory(): boolean {
    return this.#parts !== undefined;
  }

  get name(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1);
  }

  get entry(): ListingEntry | undefined {
    return this.#described && entryAt(this.#described);
  }

  /** Entry of the content; for a hard link, that of the file. */
  get contentEntry(): ListingEntry | undefined {
    return this.content && entryAt(this.content);
  }

  /** Merges the directory's children on first use. */
  children(resolveLink: LinkResolver): ReadonlyMap<string, MergedNode> {
    this.#children ??= this.#merge(resolveLink);
    return this.#children;
  }

  #merge(resolveLink: LinkResolver): ReadonlyMap<string, MergedNode> {
    const parts = this.#parts ?? [];
    const children = new Map<string, MergedNode>();
    const hidden = new Set<string>();
    const isDecided = (name: string): boolean => children.has(name) || hidden.has(name);
    for (const [depth, { layer, directory }] of parts.entries()) {
      for (const [name, node] of directory.children) {
        if (isDecided(name)) continue;
        const path = this.path === '' ? name : `${this.path}/${name}`;
        if (node.kind === 'directory') {
          children.set(name, MergedNode.directory(path, partsOf(parts.slice(depth), name)));
          continue;
        }
        const place = { layer, at: node.at };
        const own = node.content === undefined ? undefined : { layer, at: node.content };
        const content = node.linkBelow === undefined ? own : resolveLink({ layer, at: node.linkBelow }, own);
        // A dangling hard link still hides what the layers below have here.
        if (content) children.set(name, MergedNode.leaf(path, place, content));
        else hidden.add(name);
      }
      for (const name of directory.whiteouts) if (!isDecided(name)) hidden.add(name);
    }
    return children;
  }
}

function stacked(layer: NumberedLayer): Stacked {
  return { layer, directory: layer.directory ?? layerTree(layer.files.listing) };
}

function entryAt({ layer, at }: Place): ListingEntry {
  return layer.files.listing.entry(at);
}

/** Returns the directories of a name, top first, down to where one hides the rest. */
function partsOf(stack: readonly Stacked[], name: string): Stacked[] {
  const parts: Stacked[] = [];
  for (const { layer, directory } of stack) {
    const node = directory.children.get(name);
    if (node?.kind === 'leaf') break;
    if (node) parts.push({ layer, directory: node });
    if (node?.opaque || directory.whiteouts.has(name)) break;
  }
  return parts;
}

/** The layers of an image, merged like an overlay mount, each directory on first use. */
export class MergedTree {
  readonly root: MergedNode;
  readonly #trees: readonly Stacked[];
  readonly #alone: boolean;
  readonly #below = new Map<number, MergedTree>();
  /** Contents of hard links to files below, by layer and entry. */
  readonly #linked = new Map<number, Map<number, Place | undefined>>();

  private constructor(trees: readonly Stacked[], alone = false) {
    this.#trees = trees;
    this.#alone = alone;
    const parts: Stacked[] = [];
    for (const part of this.#trees.toReversed()) {
      parts.push(part);
      if (part.directory.opaque) break;
    }
    this.root = MergedNode.directory('', parts);
  }

  /** @param layers base first */
  static of(layers: readonly NumberedLayer[]): MergedTree {
    return new MergedTree(layers.map(stacked));
  }

  /** Returns the tree of a single layer, in which hard links to files below have no content. */
  static ofLayer(layer: NumberedLayer): MergedTree {
    return new MergedTree([stacked(layer)], true);
  }

  /** Returns the tree of the layers below `number`. */
  below(number: number): MergedTree {
    const known = this.#below.get(number);
    if (known) return known;
    const tree = new MergedTree(this.#trees.filter(({ layer }) => layer.number < number));
    this.#below.set(number, tree);
    return tree;
  }

  /** Returns a layer's own tree. */
  layerRoot(number: number): LayerDirectory | undefined {
    return this.#trees.find(({ layer }) => layer.number === number)?.directory;
  }

  childrenOf(node: MergedNode): ReadonlyMap<string, MergedNode> {
    return node.children((link, own) => (this.#alone ? (own ?? link) : (this.#linkedContent(link) ?? own)));
  }

  /**
   * Finds what a hard link names below its layer, or what the later link of its layer names that
   * has the name there.
   */
  #linkedContent(link: Place): Place | undefined {
    const known = this.#linked.get(link.layer.number) ?? new Map<number, Place | undefined>();
    this.#linked.set(link.layer.number, known);
    const chain: number[] = [];
    let content: Place | undefined;
    for (let at: number | undefined = link.at; at !== undefined && !content;) {
      if (known.has(at)) {
        content = known.get(at);
        break;
      }
      known.set(at, undefined);
      chain.push(at);
      content = this.#contentBelow({ layer: link.layer, at });
      at = this.#laterLink({ layer: link.layer, at });
    }
    for (const at of chain) known.set(at, content);
    return content;
  }

  /** Returns the link below of what a hard link's own layer has in place of its target. */
  #laterLink({ layer, at }: Place): number | undefined {
    const root = this.layerRoot(layer.number);
    const node = root && findInLayer(layer.files.listing, root, entryAt({ layer, at }).linkname);
    return node?.kind === 'leaf' ? node.linkBelow : undefined;
  }

  /** Symlinks of a link's own layer may lead to the layers below, too. */
  #contentBelow(link: Place): Place | undefined {
    const { number, files } = link.layer;
    const names = splitPath(entryAt(link).linkname) ?? [];
    const name = names.pop();
    const below = this.below(number);
    const child = (directory: Seen, name: string): Seen | undefined => {
      const own = directory.own?.children.get(name);
      const lower = directory.below?.isDirectory ? childNamed(below.childrenOf(directory.below), name) : undefined;
      if (own?.kind === 'directory') return { own, below: own.opaque ? undefined : lower };
      return own ? { target: symlinkTarget(files.listing, own) } : lower && { below: lower, target: target(lower) };
    };
    const isDirectory = (seen: Seen): seen is Seen => seen.own !== undefined || seen.below?.isDirectory === true;
    const root: Seen = { own: this.layerRoot(number), below: below.root };
    const found = followLinks<Seen, Seen>(root, names, { child, isDirectory, target: seen => seen.target });
    return found?.below && name !== undefined ? childNamed(below.childrenOf(found.below), name)?.content : undefined;
  }

  /**
   * Returns what is at a path, following links within the image, for the last name only if
   * `follow`.
   * @throws {NoSuchPathError} also for loops of links
   */
  find(path: string, follow = true): MergedNode {
    const node = this.tryFind(path, follow);
    if (!node) throw new NoSuchPathError(path);
    return node;
  }

  tryFind(path: string, follow = true): MergedNode | undefined {
    const names = splitPath(path);
    const child = (here: MergedNode, name: string): MergedNode | undefined => childNamed(this.childrenOf(here), name);
    return names && followLinks(this.root, names, { child, isDirectory, target }, follow ? 'follow' : 'keep');
  }

  /** Yields every node below a directory, each directory before its children. */
  *walk(from: MergedNode = this.root): Generator<MergedNode> {
    const open = [this.childrenOf(from).values()];
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { value: node, done } = top.next();
      if (done) open.pop();
      else {
        yield node;
        if (node.isDirectory) open.push(this.childrenOf(node).values());
      }
    }
  }

  /** @throws {WrongKindError} {@link FileDamagedError} {@link LinkOutOfLayerError} */
  async read(node: MergedNode, sink: Sink, signal: AbortSignal): Promise<void> {
    const { type } = node.facts;
    if (node.contentEntry?.type === 'hardlink') throw new LinkOutOfLayerError(node.path);
    if (type !== 'file' || !node.content) throw new WrongKindError(node.path, type, 'file');
    await node.content.layer.files.read(node.content.at, sink, signal);
  }
}

function isDirectory(node: MergedNode): node is MergedNode {
  return node.isDirectory;
}

/** What a path has in a layer, and in those below it. */
interface Seen {
  readonly own?: LayerDirectory | undefined;
  readonly below?: MergedNode | undefined;
  /** Of a symlink. */
  readonly target?: string | undefined;
}

function target(node: MergedNode): string | undefined {
  const entry = node.contentEntry;
  return entry?.type === 'symlink' ? entry.linkname : undefined;
}

/** Finds a child by its name, its shown form, or one with U+FFFD for each byte not in UTF-8. */
function childNamed(children: ReadonlyMap<string, MergedNode>, name: string): MergedNode | undefined {
  const child = children.get(name) ?? children.get(nameFromShown(name));
  if (child || !name.includes('\ufffd')) return child;
  return [...children.values()].find(node => node.name.toWellFormed() === name);
}
