import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { errorCode } from '../../oci/errorCode.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { decodeName, fsPath } from '../tar/byteName.ts';
import { copyAttributes } from './copyAttributes.ts';
import { splitPath } from '../tar/entryPath.ts';
import { quoted } from '../errors.ts';
import { tieLinks } from './lateLinks.ts';
import { missingLink } from './layerVisitor.ts';
import {
  readSidecar,
  type Sidecar,
  type SidecarEntry,
  type SidecarFacts,
  type SidecarLink,
  writeSidecar,
} from './sidecar.ts';
import { SpecialMaker } from './specialFiles.ts';
import { isWhiteout, type StackNode, StackView } from './stackView.ts';
import { childPath } from './tree.ts';
import { Warnings } from '../warnings.ts';

/** An unpacked layer and the file next to it. */
export interface UnpackedLayerFiles {
  readonly folder: string;
  readonly sidecar: string;
}

/**
 * Does what needs the layers below, and so could not be done while each layer was unpacked by
 * itself. Hard links to lower files become copies. Directories that a layer does not describe get
 * owner, mode and time from below. Deletions of nothing go, since a mount would show their names.
 * What only a mark would hide gets whiteouts. Call it with all layers, base first, before the first
 * mount; calling it again does nothing more. Returns warnings for the user.
 * @throws {InvalidSidecarError}, and the system's errors
 */
export function fixAcrossLayers(layers: readonly UnpackedLayerFiles[]): string[] {
  const warnings = new Warnings();
  const below = new LayersBelow();
  for (const layer of layers) {
    const sidecar = existsSync(layer.sidecar) ? readSidecar(layer.sidecar) : undefined;
    const fixed = sidecar && isUnfinished(sidecar) ? new LayerFixer(layer, sidecar, below, warnings).fix() : undefined;
    below.add(layer, sidecar?.opaque ?? [], (fixed ?? sidecar?.entries ?? []).filter(isSpecial));
  }
  return warnings.list();
}

function isUnfinished({ implicit, links, whiteouts, unmarked, opaque, entries }: Sidecar): boolean {
  return (
    [implicit, links, whiteouts, unmarked].some(list => list.length > 0) || opaque[0] === '' || entries.some(isDevice)
  );
}

function isSpecial({ type }: SidecarFacts): boolean {
  return type !== undefined && type !== 'symlink';
}

function isDevice(entry: SidecarFacts): boolean {
  return entry.type === 'block' || (entry.type === 'char' && (entry.devMajor !== 0 || entry.devMinor !== 0));
}

/** The layers below the one that is being fixed. */
class LayersBelow {
  readonly view = new StackView();
  readonly #sidecars: string[] = [];
  readonly #facts = new Map<number, ReadonlyMap<string, SidecarFacts>>();

  add({ folder, sidecar }: UnpackedLayerFiles, opaque: readonly string[], special: readonly SidecarEntry[]): void {
    this.#sidecars.push(sidecar);
    this.view.add({ folder, opaque, special });
  }

  /** Returns what the sidecar of a layer says of a path. */
  factsOf({ layer, path }: StackNode): SidecarFacts | undefined {
    let facts = this.#facts.get(layer);
    if (!facts) {
      const sidecar = this.#sidecars[layer];
      const entries = sidecar !== undefined && existsSync(sidecar) ? readSidecar(sidecar).entries : [];
      facts = new Map(entries.map(entry => [entry.path, entry]));
      this.#facts.set(layer, facts);
    }
    return facts.get(path);
  }
}

/** A hard link, and where its target is without symbolic links on the way. */
interface OpenLink {
  readonly link: SidecarLink;
  readonly target: string | undefined;
  readonly below: StackNode | undefined;
}

/** What is at a path, seen from one layer. */
interface Seen {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Of a symbolic link. */
  readonly target: string | undefined;
  /** What lower layers have there, if it shows. */
  readonly below: StackNode | undefined;
}

function isSeenDirectory(seen: Seen): seen is Seen {
  return seen.isDirectory;
}

/** Fixes one layer, given those below it. */
class LayerFixer {
  readonly #files: UnpackedLayerFiles;
  readonly #sidecar: Sidecar;
  readonly #below: LayersBelow;
  readonly #warnings: Warnings;
  readonly #specialFiles = new SpecialMaker();
  /** What the sidecar says, by path. */
  readonly #entries: Map<string, SidecarEntry>;
  /** Whether paths are directories of this layer, with nothing but directories on the way. */
  readonly #directories = new Map([['', true]]);
  /** Directories in which something is made or removed, and the time that they had. */
  readonly #times = new Map<string, Stats>();
  /** The last copy of each file below that hard links name. */
  readonly #copies = new Map<string, string>();
  /** Links that name a file below now, rather than a later one of their layer. */
  readonly #relinked = new Set<string>();
  /** Paths at which lower layers must not show. */
  readonly #toHide: string[] = [];

  constructor(files: UnpackedLayerFiles, sidecar: Sidecar, below: LayersBelow, warnings: Warnings) {
    this.#files = files;
    this.#sidecar = sidecar;
    this.#below = below;
    this.#warnings = warnings;
    this.#entries = new Map(sidecar.entries.map(entry => [entry.path, entry]));
  }

  /** Returns the entries of the sidecar that it writes. */
  fix(): SidecarEntry[] {
    const { implicit, links, whiteouts, unmarked, opaque, diverted } = this.#sidecar;
    this.#makeLinks(links);
    for (const path of whiteouts) this.#dropPointless(path);
    for (const path of [...unmarked, ...opaque.filter(path => path === '')]) this.#hideInside(path);
    for (const { path } of [...this.#entries.values()].filter(isDevice)) if (this.#find(path)) this.#toHide.push(path);
    this.#hide();
    for (const [path, stat] of this.#times) utimesSync(this.#file(path), stat.atime, stat.mtime);
    for (const path of implicit) this.#inherit(path);
    const entries = [...this.#entries.values()];
    writeSidecar(this.#files.sidecar, { entries, opaque: opaque.filter(path => path !== ''), diverted });
    return entries;
  }

  #find(path: string): StackNode | undefined {
    return this.#below.view.find(splitPath(path) ?? []);
  }

  #file(path: string): string | Buffer {
    return fsPath(path === '' ? this.#files.folder : `${this.#files.folder}/${path}`);
  }

  /**
   * Returns true if every name of a path is a directory of this layer. The sidecar may have been
   * tampered with.
   */
  #isDirectory(path: string): boolean {
    const unknown: string[] = [];
    let known = this.#directories.get(path);
    for (let at = path; known === undefined; known = this.#directories.get(at)) {
      unknown.push(at);
      at = parentOf(at);
    }
    for (const at of unknown.reverse()) {
      known &&= this.#stat(at)?.isDirectory() === true;
      this.#directories.set(at, known);
    }
    return known;
  }

  #stat(path: string): Stats | undefined {
    return lstatSync(this.#file(path), { throwIfNoEntry: false });
  }

  /** Allows a change to a directory, and notes the time to give back to it. */
  #mayChange(path: string): boolean {
    if (path === '' || !this.#isDirectory(parentOf(path))) return false;
    const parent = parentOf(path);
    if (!this.#times.has(parent)) this.#times.set(parent, lstatSync(this.#file(parent)));
    return true;
  }

  #makeLinks(links: readonly SidecarLink[]): void {
    const open = links.map(link => this.#open(link));
    const byPath = new Map(open.map(link => [link.link.path, link]));
    const waitsFor = ({ target, below }: OpenLink): OpenLink | undefined =>
      below ? undefined : byPath.get(target ?? '');
    for (const { link } of tieLinks(open, waitsFor, link => this.#makeLink(link))) {
      this.#warnings.add(missingLink(link.path, link.target));
      if (this.#find(link.path)) this.#toHide.push(link.path);
    }
  }

  #open(link: SidecarLink): OpenLink {
    const names = splitPath(link.target) ?? [];
    const name = names.pop();
    const parent = this.#followDirectories(names);
    if (!parent || name === undefined) return { link, target: undefined, below: undefined };
    const below = link.deleted || parent.below?.kind !== 'directory' ? undefined : parent.below.child(name);
    return { link, target: childPath(parent.path, name), below };
  }

  /** Follows names to a directory of this layer and those below, see {@link followLinks}. */
  #followDirectories(names: readonly string[]): Seen | undefined {
    const root: Seen = { path: '', isDirectory: true, target: undefined, below: this.#below.view.root };
    const child = (directory: Seen, name: string): Seen | undefined =>
      this.#see(childPath(directory.path, name), directory.below);
    const found = followLinks<Seen, Seen>(root, names, {
      child,
      isDirectory: isSeenDirectory,
      target: seen => seen.target,
    });
    return found?.isDirectory ? found : undefined;
  }

  /** Looks at a path in this layer, then in those below. */
  #see(path: string, parentBelow: StackNode | undefined): Seen | undefined {
    const own = this.#isDirectory(parentOf(path)) ? this.#stat(path) : undefined;
    const below =
      parentBelow?.kind === 'directory' ? parentBelow.child(path.slice(path.lastIndexOf('/') + 1)) : undefined;
    if (own) {
      const target = own.isSymbolicLink() ? decodeName(readlinkSync(this.#file(path), 'buffer')) : undefined;
      const isHidden = !own.isDirectory() || this.#sidecar.opaque.includes(path);
      return { path, isDirectory: own.isDirectory(), target, below: isHidden ? undefined : below };
    }
    if (!below) return undefined;
    const target = below.kind === 'leaf' ? this.#below.view.target(below) : undefined;
    return { path, isDirectory: below.kind === 'directory', target, below };
  }

  /** Returns false if there is nothing to link to. */
  #makeLink({ link, target, below }: OpenLink): boolean {
    const { path } = link;
    if (target === undefined || !this.#mayChange(path)) return false;
    if (link.late) {
      if (below?.kind !== 'leaf' && !this.#relinked.has(target)) return true;
      this.#relinked.add(path);
      if (this.#stat(path)?.isDirectory() === false) unlinkSync(this.#file(path));
    }
    if (this.#stat(path)) return true;
    if (below) return below.kind === 'leaf' && this.#copyFromBelow(path, target, below);
    const own = this.#mayChange(target) ? this.#stat(target) : undefined;
    const facts = this.#entries.get(target);
    if (own?.isFile() || own?.isSymbolicLink() || own?.isFIFO()) linkSync(this.#file(target), this.#file(path));
    else if (!facts || !isDevice(facts)) return false;
    if (facts) this.#entries.set(path, { ...facts, path });
    return true;
  }

  #copyFromBelow(path: string, target: string, found: StackNode): boolean {
    const facts = this.#below.factsOf(found);
    const stat = this.#below.view.stat(found);
    if (facts && isDevice(facts)) this.#entries.set(path, { ...facts, path });
    else if (stat?.isFile() || stat?.isSymbolicLink() || stat?.isFIFO()) {
      if (!this.#linkToCopy(path, target) && !this.#copy(path, found, stat)) return false;
      this.#copies.set(target, path);
      this.#entries.delete(path);
      if (facts) this.#entries.set(path, { ...facts, path });
    } else return false;
    return true;
  }

  /** Returns false if there is no copy yet, or it has as many names as it may have. */
  #linkToCopy(path: string, target: string): boolean {
    const copy = this.#copies.get(target);
    if (copy === undefined) return false;
    try {
      linkSync(this.#file(copy), this.#file(path));
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EMLINK') throw error;
      return false;
    }
  }

  #copy(path: string, found: StackNode, stat: Stats): boolean {
    const from = this.#below.view.fileOf(found);
    const file = this.#file(path);
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, 'buffer'), file);
    else if (stat.isFile()) copyFileSync(from, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else if (this.#specialFiles.make(this.#files.folder, [{ kind: 'fifo', path, mode: stat.mode }]).length > 0)
      return false;
    copyAttributes(file, stat);
    return true;
  }

  /**
   * Removes a whiteout that hides nothing. A mount would show its name where no lower layer has the
   * directory.
   */
  #dropPointless(path: string): void {
    if (this.#find(path)) return;
    this.#entries.delete(path);
    if (!this.#mayChange(path)) return;
    const stat = this.#stat(path);
    if (stat && isWhiteout(stat)) unlinkSync(this.#file(path));
  }

  /** Hides everything that lower layers have in a directory and this one has not. */
  #hideInside(path: string): void {
    const top = this.#find(path);
    const open = top ? [{ path, below: top }] : [];
    for (const { path, below } of open) {
      if (below.kind !== 'directory') continue;
      for (const [name, inside] of below.children) {
        const child = childPath(path, name);
        const stat = this.#stat(child);
        if (!stat) this.#toHide.push(child);
        else if (stat.isDirectory() && this.#isDirectory(child)) open.push({ path: child, below: inside });
      }
    }
  }

  #hide(): void {
    const free = this.#toHide.filter(path => this.#mayChange(path) && !this.#stat(path));
    if (free.length === 0 || process.platform !== 'linux') return;
    const whiteouts = free.map(path => ({ kind: 'whiteout', path }) as const);
    for (const { path } of this.#specialFiles.make(this.#files.folder, whiteouts)) {
      this.#warnings.add(`${quoted(path)} is hidden by this layer, but its whiteout could not be made`);
    }
  }

  /** Leaves a directory that the layer does not describe as it is below. */
  #inherit(path: string): void {
    const found = this.#find(path);
    if (found?.kind !== 'directory' || !this.#isDirectory(path)) return;
    const stat = this.#below.view.stat(found);
    if (!stat?.isDirectory()) return;
    copyAttributes(this.#file(path), stat);
    this.#entries.delete(path);
    const facts = this.#below.factsOf(found);
    if (facts) this.#entries.set(path, { ...facts, path });
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
