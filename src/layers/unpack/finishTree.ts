import { dropHardlinkStore, type OpenLink } from './layerVisitor.ts';
import type { TarEntry } from '../tar/tarEntry.ts';
import type { Ownership } from './ownership.ts';
import type { SidecarContent, SidecarEntry, SidecarFacts, SidecarLink } from './sidecar.ts';
import type { Special, SpecialMaker } from './specialFiles.ts';
import { childPath, directoriesOf, type DirectoryNode, type SpecialNode, type TreeNode } from './tree.ts';
import type { Place, TreeWriter } from './treeWriter.ts';
import { quoted } from '../errors.ts';
import type { Warnings } from '../warnings.ts';

/** Owner and mode of what no entry describes. */
const PLAIN: SidecarFacts = { uid: 0, gid: 0, mode: 0 };

export interface TreeFinisherOptions {
  readonly folder: string;
  readonly tree: TreeWriter;
  readonly ownership: Ownership;
  readonly warnings: Warnings;
  readonly specialFiles: SpecialMaker;
  /** Deletions become marks; otherwise they have been carried out already. */
  readonly overlay: boolean;
}

/** A node that is not on disk yet. */
interface Waiting<Node> {
  readonly place: Place;
  readonly node: Node;
}

/** A directory whose entries are still to be looked at. */
interface Collected {
  readonly directory: DirectoryNode;
  readonly path: string;
  /** Lower layers do not show here anyway. */
  readonly hidden: boolean;
}

/** Does what can only be done once all entries have come, in the order in which it can be done. */
export class TreeFinisher {
  readonly #folder: string;
  readonly #overlay: boolean;
  readonly #tree: TreeWriter;
  readonly #ownership: Ownership;
  readonly #warnings: Warnings;
  readonly #maker: SpecialMaker;
  readonly #specials: Waiting<SpecialNode>[] = [];
  readonly #whiteouts: string[] = [];
  readonly #opaque: string[] = [];
  readonly #implicit: string[] = [];
  /** What the system refused to make: whiteouts, and marks of opaque directories. */
  readonly #missing: SidecarEntry[] = [];
  readonly #unmarked: string[] = [];

  constructor({ folder, tree, ownership, warnings, specialFiles, overlay }: TreeFinisherOptions) {
    this.#maker = specialFiles;
    this.#folder = folder;
    this.#overlay = overlay;
    this.#tree = tree;
    this.#ownership = ownership;
    this.#warnings = warnings;
  }

  /** Finishes the tree, and returns the sidecar's content. */
  finish(links: readonly OpenLink[]): SidecarContent {
    dropHardlinkStore(this.#tree);
    this.#collect();
    this.#makeSpecials();
    for (const directory of directoriesOf(this.#tree.root).reverse()) this.#tree.finishDirectory(directory);
    return {
      entries: this.#entries(),
      opaque: this.#opaque,
      unmarked: this.#unmarked,
      implicit: this.#implicit,
      whiteouts: this.#whiteouts,
      links: this.#linksBelow(links),
      diverted: [...this.#tree.diversions],
    };
  }

  /** Finds what is left to do. */
  #collect(): void {
    const found: Collected[] = [{ directory: this.#tree.root, path: '', hidden: false }];
    for (const next of found) {
      const { directory, path, hidden } = next;
      if (this.#overlay && directory.opaque && !hidden) this.#opaque.push(path);
      if (!directory.entry && directory.parent && !hidden) this.#implicit.push(path);
      this.#collectIn(next, found);
    }
  }

  #collectIn({ directory, path, hidden }: Collected, found: Collected[]): void {
    const inside = hidden || directory.opaque;
    for (const [name, node] of directory.entries()) {
      if (node.kind === 'directory') found.push({ directory: node, path: childPath(path, name), hidden: inside });
      else if (node.kind === 'whiteout') {
        if (inside) directory.delete(name);
        else this.#whiteouts.push(childPath(path, name));
      } else if (node.kind === 'fifo' || node.kind === 'char' || node.kind === 'block')
        this.#specials.push({ place: { directory, name }, node });
    }
  }

  #makeSpecials(): void {
    const fifos = new Map<Special, Waiting<SpecialNode>>();
    for (const special of this.#specials) {
      const { place, node } = special;
      if (node.kind !== 'fifo') continue;
      const path = childPath(place.directory.hostPath, place.directory.hostNameOf(place.name));
      fifos.set({ kind: 'fifo', path, mode: node.entry.mode }, special);
    }
    const wanted: Special[] = [
      ...this.#whiteouts.map(path => ({ kind: 'whiteout', path }) as const),
      // The root of a layer needs no mark, since overlayfs never looks it up in another layer.
      ...this.#opaque.filter(path => path !== '').map(path => ({ kind: 'opaque', path }) as const),
      ...fifos.keys(),
    ];
    if (wanted.length === 0) return;
    const failed = new Set(process.platform === 'linux' ? this.#maker.make(this.#folder, wanted) : wanted);
    for (const special of failed) this.#reportMissing(special);
    const first = new Map<TarEntry, Place>();
    for (const [special, { place, node }] of fifos) {
      if (failed.has(special)) continue;
      const known = first.get(node.entry);
      const made = known?.directory.get(known.name);
      if (known && made?.kind === 'file') this.#tree.linkSpecial(place, known, made);
      else this.#tree.finishSpecial(place, node.entry);
      if (!known) first.set(node.entry, place);
    }
  }

  #reportMissing(special: Special): void {
    if (special.kind === 'whiteout') {
      this.#missing.push({ path: special.path, ...PLAIN, type: 'char', devMajor: 0, devMinor: 0 });
      this.#warnings.add(
        `${quoted(special.path)} is deleted by this layer, but the mark for it could not be made here`,
      );
    } else if (special.kind === 'opaque') {
      this.#unmarked.push(special.path);
    }
  }

  #linksBelow(links: readonly OpenLink[]): SidecarLink[] {
    return links
      .filter(({ late, deleted }) => !(late && deleted))
      .map(({ path, target, entry, late, deleted }) => ({
        path,
        target,
        ...(late ? { late } : {}),
        ...(deleted ? { deleted } : {}),
        ...this.#ownership.allFacts({ ...entry, type: 'file' }),
      }));
  }

  *#entries(): Generator<SidecarEntry> {
    yield* this.#missing;
    const waiting: [DirectoryNode, string][] = [[this.#tree.root, '']];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [directory, path] = next;
      if (directory.facts) yield { path, ...directory.facts };
      yield* this.#entriesIn(directory, path, waiting);
    }
  }

  /**
   * Returns the entries in one directory, and queues its directories. Not a generator, which V8
   * takes long to compile.
   */
  #entriesIn(directory: DirectoryNode, path: string, waiting: [DirectoryNode, string][]): SidecarEntry[] {
    const entries: SidecarEntry[] = [];
    for (const [name, node] of directory.entries()) {
      if (node.kind === 'directory') waiting.push([node, childPath(path, name)]);
      else {
        const facts = this.#factsOf(node);
        if (facts) entries.push({ path: childPath(path, name), ...facts });
      }
    }
    return entries;
  }

  #factsOf(node: Exclude<TreeNode, DirectoryNode>): SidecarFacts | undefined {
    if (node.kind === 'file' || node.kind === 'symlink') return node.facts;
    if (node.kind === 'whiteout' || node.kind === 'link') return undefined;
    return this.#ownership.allFacts(node.entry);
  }
}
