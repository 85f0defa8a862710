import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { errorCode } from '../../oci/errorCode.ts';
import { decodeName, fsPath } from '../tar/byteName.ts';
import { copyAttributes } from './copyAttributes.ts';
import { LimitExceededError, quoted } from '../errors.ts';
import { diskTime, FileWriter } from './fileWriter.ts';
import { divertedName, hostNameFor } from './hostNames.ts';
import type { Ownership } from './ownership.ts';
import type { SidecarFacts } from './sidecar.ts';
import { IMPLICIT_DIRECTORY, type TarEntry } from '../tar/tarEntry.ts';
import {
  childPath,
  directoriesOf,
  DirectoryNode,
  type FileNode,
  resolveDirectory,
  type SymlinkNode,
  type TreeNode,
} from './tree.ts';
import type { Warnings } from '../warnings.ts';

/** A directory and a name in it, whether or not it exists. */
export interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/**
 * A name that the file system could not hold, and the one used instead. Both are paths from the
 * root.
 */
export interface Diversion {
  readonly path: string;
  readonly as: string;
}

/**
 * Makes and removes files in one folder, and keeps the tree of what is there. Every path given to
 * the system leads only through directories that it made itself.
 */
export class TreeWriter {
  readonly root: DirectoryNode;
  readonly #folder: string;
  readonly #ownership: Ownership;
  readonly #warnings: Warnings;
  readonly #maxEntries: number;
  readonly #diverted = new Map<string, Diversion>();
  /** By file, the copy that further hard links to it link to. */
  readonly #lastCopies = new Map<string, string>();
  #fileNodes = new Map<SidecarFacts | undefined, FileNode>();
  #layer = 1;
  #made = 0;
  /** The last entry's directory, and its names in the archive. */
  #lastParent: { readonly names: readonly string[]; readonly directory: DirectoryNode } | undefined;
  #lastBase: { readonly directory: DirectoryNode; readonly path: string } | undefined;

  constructor(folder: string, maxEntries: number, ownership: Ownership, warnings: Warnings) {
    this.#folder = folder;
    this.#maxEntries = maxEntries;
    this.#ownership = ownership;
    this.#warnings = warnings;
    this.root = new DirectoryNode(undefined, '', '', 1);
  }

  /** The current layer's number. */
  get layer(): number {
    return this.#layer;
  }

  get diversions(): Iterable<Diversion> {
    return this.#diverted.values();
  }

  /** Starts another layer. */
  startLayer(layer: number): void {
    this.#layer = layer;
    this.#fileNodes = new Map();
    this.#lastParent = undefined;
    this.#made = 0;
  }

  /**
   * Returns the directory for an entry. Makes missing ones, and replaces what is not a directory.
   * Returns `undefined` for a loop of symlinks.
   */
  parentOf(names: readonly string[]): DirectoryNode | undefined {
    if (this.#lastParent && areSiblings(this.#lastParent.names, names)) return this.#lastParent.directory;
    const directory = resolveDirectory(this.root, names.slice(0, -1), {
      layer: this.#layer,
      make: (parent, name) => this.#mkdir({ directory: parent, name }, parent.get(name)),
    });
    if (!directory) return undefined;
    for (let node: DirectoryNode | undefined = directory; node && node.layer !== this.#layer; node = node.parent) {
      node.layer = this.#layer;
    }
    this.#lastParent = { names, directory };
    return directory;
  }

  /** Returns a path on disk. */
  hostPath(directory: DirectoryNode, name: string): string | Buffer {
    return fsPath(this.#directoryPath(directory) + directory.hostNameOf(name));
  }

  openFile(place: Place, entry: TarEntry): FileWriter {
    this.clear(place);
    return this.#create(place, path => new FileWriter(path, entry, this.#ownership));
  }

  closeFile({ directory, name }: Place, file: FileWriter): void {
    const facts = file.finish(this.#ownership);
    this.#keep(directory, name, this.#fileNode(facts));
  }

  /**
   * Makes a directory, or describes an existing one. If it replaces something that hid what lower
   * layers have here, so must it.
   */
  makeDirectory(place: Place, entry: TarEntry): void {
    const { directory, name } = place;
    const existing = directory.get(name);
    const node = existing?.kind === 'directory' ? existing : this.#mkdir(place, existing);
    node.entry = entry;
    node.layer = this.#layer;
  }

  makeSymlink(place: Place, entry: TarEntry): void {
    this.clear(place);
    const path = this.#create(place, path => {
      symlinkSync(fsPath(entry.linkname), path);
      return path;
    });
    const owned = this.#ownership.own(path, entry);
    const time = diskTime(entry.mtime);
    lutimesSync(path, time, time);
    const facts = this.#ownership.factsOf(entry, owned, entry.mode);
    this.#keep(place.directory, place.name, {
      kind: 'symlink',
      layer: this.#layer,
      target: entry.linkname,
      facts,
    });
  }

  /**
   * Makes another name for a file or symlink. The link's own owner, mode and time are ignored, as
   * GNU tar and umoci do, since the file has these once. Returns how many bytes had to be copied:
   * beyond the file system's limit of links (65,000 on ext4), the next names link to a copy.
   */
  makeLink(place: Place, target: Place, node: FileNode | SymlinkNode): number {
    this.clear(place);
    const from = this.#directoryPath(target.directory) + target.directory.hostNameOf(target.name);
    const copied = this.#create(place, path => {
      if (node.kind === 'file') return this.#linkOrCopy(from, path);
      if (process.platform === 'linux') linkSync(fsPath(from), path);
      else symlinkSync(fsPath(node.target), path);
      return 0;
    });
    const named = node.kind === 'file' ? this.#fileNode(node.facts) : { ...node, layer: this.#layer };
    this.#keep(place.directory, place.name, named);
    return copied;
  }

  /** File systems without hard links get a copy for each name. */
  #linkOrCopy(from: string, to: string | Buffer): number {
    const last = fsPath(this.#lastCopies.get(from) ?? from);
    try {
      linkSync(last, to);
      return 0;
    } catch (error) {
      if (!['EMLINK', 'EPERM', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error;
      const stat = lstatSync(last);
      copyFileSync(last, to, constants.COPYFILE_EXCL);
      copyAttributes(to, stat);
      this.#lastCopies.set(from, typeof to === 'string' ? to : decodeName(to));
      return stat.size;
    }
  }

  /** Sets the attributes of a FIFO that was made. */
  finishSpecial({ directory, name }: Place, entry: TarEntry): void {
    const path = this.hostPath(directory, name);
    const owned = this.#ownership.own(path, entry);
    const mode = this.#ownership.diskMode(entry, owned);
    chmodSync(path, mode);
    const time = diskTime(entry.mtime);
    utimesSync(path, time, time);
    directory.set(name, this.#fileNode(this.#ownership.factsOf(entry, owned, mode)), directory.hostNameOf(name));
  }

  /** Makes a FIFO one file with another that has the same entry. */
  linkSpecial(place: Place, first: Place, node: FileNode): void {
    unlinkSync(this.hostPath(place.directory, place.name));
    this.makeLink(place, first, node);
  }

  /**
   * Sets a directory's owner, mode and time. Call it once everything in it is done: making files
   * changes its time, and its mode may forbid making any.
   */
  finishDirectory(node: DirectoryNode): void {
    const path = fsPath(this.#directoryPath(node).slice(0, -1));
    const entry = node.entry ?? { ...IMPLICIT_DIRECTORY, path: node.path };
    if (!node.entry && !node.parent) return;
    const owned = this.#ownership.own(path, entry);
    const mode = this.#ownership.diskMode(entry, owned);
    chmodSync(path, mode);
    if (node.entry) {
      const time = diskTime(entry.mtime);
      utimesSync(path, time, time);
    }
    node.facts = node.parent ? this.#ownership.factsOf(entry, owned, mode) : this.#ownership.allFacts(entry);
  }

  /** Adds a node that is not on disk. */
  keep(place: Place, node: TreeNode): void {
    this.clear(place);
    this.#keep(place.directory, place.name, node);
  }

  /** Removes what is there, and everything in it. */
  clear({ directory, name }: Place): void {
    const node = directory.get(name);
    if (!node) return;
    this.#lastParent = undefined;
    this.#lastBase = undefined;
    if (node.kind === 'directory') this.#empty(node);
    this.#remove(directory, name, node);
  }

  /** Removes everything below a directory, deepest first. */
  #empty(top: DirectoryNode): void {
    for (const directory of directoriesOf(top).reverse())
      for (const [name, node] of directory.entries()) this.#remove(directory, name, node);
  }

  /** Removes one node, which is empty if it is a directory. */
  #remove(directory: DirectoryNode, name: string, node: TreeNode): void {
    if (node.kind === 'directory') {
      rmdirSync(fsPath(this.#onDisk(directory, name)));
    } else if (node.kind === 'file' || node.kind === 'symlink') {
      const path = this.#onDisk(directory, name);
      unlinkSync(fsPath(path));
      this.#forgetCopies(path);
    }
    if (directory.hostNameOf(name) !== name) this.#diverted.delete(childPath(directory.path, name));
    directory.delete(name);
  }

  /** Does the same as `hostPath`, for a walk through many directories. */
  #onDisk(directory: DirectoryNode, name: string): string {
    return `${this.#folder}/${childPath(directory.hostPath, directory.hostNameOf(name))}`;
  }

  /** There are few: one for each 65,000 links to one file. */
  #forgetCopies(path: string): void {
    for (const [from, copy] of this.#lastCopies) if (from === path || copy === path) this.#lastCopies.delete(from);
  }

  #mkdir(place: Place, existing: TreeNode | undefined): DirectoryNode {
    this.clear(place);
    const hostName = this.#create(place, (path, hostName) => {
      mkdirSync(path, 0o755);
      return hostName;
    });
    const { directory, name } = place;
    const node = new DirectoryNode(directory, name, hostName, this.#layer);
    node.opaque = existing !== undefined;
    this.#keep(directory, name, node);
    return node;
  }

  /**
   * Makes something under its own name, or under another if the file system cannot hold the name or
   * takes it for an existing one (case, Unicode forms).
   */
  #create<T>({ directory, name }: Place, make: (path: string | Buffer, hostName: string) => T): T {
    const wanted = hostNameFor(name, process.platform);
    for (let attempt = 1, hostName = wanted; ; hostName = divertedName(wanted, ++attempt)) {
      try {
        const made = make(fsPath(this.#directoryPath(directory) + hostName), hostName);
        if (hostName !== name) this.#divert(directory, name, hostName);
        return made;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || attempt > 999) throw error;
      }
    }
  }

  #divert(directory: DirectoryNode, name: string, hostName: string): void {
    const path = childPath(directory.path, name);
    const as = childPath(directory.hostPath, hostName);
    this.#diverted.set(path, { path, as });
    // The node follows when it is finished, but its name on disk is needed before.
    directory.set(name, { kind: 'file', layer: this.#layer, facts: undefined }, hostName);
    this.#warnings.add(
      `${quoted(path)} is stored as ${quoted(as)}, because this file system cannot hold both names, or not this one`,
    );
  }

  #keep(directory: DirectoryNode, name: string, node: TreeNode): void {
    this.#made += 1;
    if (this.#made > this.#maxEntries) throw new LimitExceededError('entries', this.#maxEntries);
    directory.set(name, node, directory.hostNameOf(name));
  }

  #fileNode(facts: SidecarFacts | undefined): FileNode {
    const known = this.#fileNodes.get(facts);
    if (known) return known;
    const node: FileNode = { kind: 'file', layer: this.#layer, facts };
    this.#fileNodes.set(facts, node);
    return node;
  }

  #directoryPath(directory: DirectoryNode): string {
    if (this.#lastBase?.directory === directory) return this.#lastBase.path;
    const path = directory.parent ? `${this.#folder}/${directory.hostPath}/` : `${this.#folder}/`;
    this.#lastBase = { directory, path };
    return path;
  }
}

/** Returns true if names differ in the last at most. */
function areSiblings(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let at = names.length - 2; at >= 0; at--) if (names[at] !== others[at]) return false;
  return true;
}
