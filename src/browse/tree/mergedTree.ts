import { splitPath } from '../../layers/tar/entryPath.ts';
import type { EntryType } from '../../layers/tar/tarEntry.ts';
import type { Sink } from '../../oci/byteSource.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { LinkOutOfLayerError, NoSuchPathError, WrongKindError } from '../errors.ts';
import type { LayerFiles } from '../sources/layerFiles.ts';
import type { ListingEntry } from '../listing/layerEntries.ts';
import type { LayerDirectory } from '../listing/layerEntries.ts';
import { layerTree } from '../listing/layerTree.ts';

/** A layer with its place in the image. */
export interface NumberedLayer {
  /** 1 is the base. */
  readonly number: number;
  readonly files: LayerFiles;
  /** Its own tree, where that was made before. */
  readonly directory?: LayerDirectory;
}

/** A file, folder or link as the image shows it. A hard link is the file that it names. */
export interface FileFacts {
  /** From the image's root, without a slash before it; '' for the root. */
  readonly path: string;
  readonly type: Exclude<EntryType, 'hardlink'>;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** The lower twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a symlink; for a hard link the path of the file that it was made of. */
  readonly linkname?: string;
  /** Number of the layer that it comes from. */
  readonly layer: number;
  /** False where only parts of that layer were read, for which the image's digest does not vouch. */
  readonly verified?: false;
}

/** Stacked layers, read as one tree. */
interface Stacked {
  readonly layer: NumberedLayer;
  readonly directory: LayerDirectory;
}

/** An entry of one of the layers. */
interface Place {
  readonly layer: NumberedLayer;
  readonly at: number;
}

/** Finds the content of a hard link to a file of the layers below. */
type LinkResolver = (link: Place) => Place | undefined;

/** Something in the merged tree. */
export class MergedNode {
  readonly path: string;
  /** Number of the layer that it comes from. */
  readonly layer: number;
  /** Where the content is; absent for directories. For a hard link it is elsewhere than the link. */
  readonly content: Place | undefined;
  /** What describes it; `undefined` for a directory that no archive describes. */
  readonly #described: Place | undefined;
  /** The directories of all layers that make this one, top first; `undefined` for anything else. */
  readonly #parts: readonly Stacked[] | undefined;
  #children: ReadonlyMap<string, MergedNode> | undefined;

  private constructor(path: string, layer: number, described: Place | undefined, content?: Place, parts?: Stacked[]) {
    this.path = path;
    this.layer = layer;
    this.content = content;
    this.#described = described;
    this.#parts = parts;
  }

  /** A directory of the layers that have it, top first. */
  static directory(path: string, parts: Stacked[]): MergedNode {
    // An archive that does not describe a directory changes nothing of it.
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

  /** What describes it. */
  get entry(): ListingEntry | undefined {
    return this.#described && entryAt(this.#described);
  }

  /** What the content's own entry says: for a hard link that of the file. */
  get contentEntry(): ListingEntry | undefined {
    return this.content && entryAt(this.content);
  }

  /** What is in the directory, by name, merged when first asked for. @param resolveLink finds what a hard link names in the layers below */
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
        const content = node.content === undefined ? resolveLink(place) : { layer, at: node.content };
        // A hard link to nothing stands for nothing.
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

/** The directories of a name, top first, as far as nothing hides them. */
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

/** All layers of an image as an overlay mount of them shows them, merged folder by folder when somebody looks. */
export class MergedTree {
  readonly root: MergedNode;
  readonly #trees: readonly Stacked[];
  readonly #alone: boolean;
  #below: ReadonlyMap<number, MergedTree> = new Map();

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

  /** One layer by itself: nothing is known of the layers below it, and a hard link to a file there is a file without content. */
  static ofLayer(layer: NumberedLayer): MergedTree {
    return new MergedTree([stacked(layer)], true);
  }

  /** The same image without its upper layers: of those numbered below `number`. */
  below(number: number): MergedTree {
    const known = this.#below.get(number);
    if (known) return known;
    const tree = new MergedTree(this.#trees.filter(({ layer }) => layer.number < number));
    this.#below = new Map(this.#below).set(number, tree);
    return tree;
  }

  /** A layer's own tree. */
  layerRoot(number: number): LayerDirectory | undefined {
    return this.#trees.find(({ layer }) => layer.number === number)?.directory;
  }

  childrenOf(node: MergedNode): ReadonlyMap<string, MergedNode> {
    return node.children(link =>
      this.#alone ? link : this.below(link.layer.number).tryFind(entryAt(link).linkname, false)?.content,
    );
  }

  /**
   * What is at a path. Links on the way are followed within the image; the last name too when `follow`.
   * @throws {NoSuchPathError} also for links that run in a circle
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

  /** Every path of the tree or of a folder of it, each folder before what is in it, without the folder itself. */
  *walk(from: MergedNode = this.root): Generator<MergedNode> {
    for (const node of this.childrenOf(from).values()) {
      yield node;
      if (node.isDirectory) yield* this.walk(node);
    }
  }

  /** The content of a file; a symlink must have been followed. @throws {WrongKindError} @throws {FileDamagedError} */
  async read(node: MergedNode, sink: Sink, signal: AbortSignal): Promise<void> {
    const { type } = factsOf(node);
    if (node.contentEntry?.type === 'hardlink') throw new LinkOutOfLayerError(node.path);
    if (type !== 'file' || !node.content) throw new WrongKindError(node.path, type, 'file');
    await node.content.layer.files.read(node.content.at, sink, signal);
  }
}

function isDirectory(node: MergedNode): node is MergedNode {
  return node.isDirectory;
}

function target(node: MergedNode): string | undefined {
  const entry = node.contentEntry;
  return entry?.type === 'symlink' ? entry.linkname : undefined;
}

/** A name that is no UTF-8 is also found by the form in which editors show it. */
function childNamed(children: ReadonlyMap<string, MergedNode>, name: string): MergedNode | undefined {
  const child = children.get(name);
  if (child || !name.includes('\ufffd')) return child;
  return [...children.values()].find(node => node.name.toWellFormed() === name);
}

/** What a person or a program is told of it. */
export function factsOf(node: MergedNode): FileFacts {
  const { path, layer, entry, contentEntry, content } = node;
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
