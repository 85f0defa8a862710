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
import { fsPath } from '../tar/byteName.ts';
import { copyAttributes } from './copyAttributes.ts';
import { splitPath } from '../tar/entryPath.ts';
import { quoted } from '../errors.ts';
import {
  readSidecar,
  type Sidecar,
  type SidecarEntry,
  type SidecarFacts,
  type SidecarLink,
  writeSidecar,
} from './sidecar.ts';
import { SpecialMaker } from './specialFiles.ts';
import { isWhiteout, type LayerOnDisk, StackView, type Visible } from './stackView.ts';
import { childPath } from './tree.ts';
import { Warnings } from '../warnings.ts';

/** An unpacked layer and the file beside it. */
export interface UnpackedLayerFiles {
  readonly folder: string;
  readonly sidecar: string;
}

/**
 * Does what could not be done while each layer was unpacked by itself, because it takes the layers below: hardlinks to their files become copies, directories that a
 * layer does not describe get the owner, mode and time that they have below, deletions of nothing go (a mount would show their names), and what only marks would hide
 * gets whiteouts. Call it with all layers, base first, before the first mount; calling it again does nothing more. Returns warnings for a person to read.
 * @throws {InvalidSidecarError}, and the system's errors
 */
export function fixAcrossLayers(layers: readonly UnpackedLayerFiles[]): string[] {
  const warnings = new Warnings();
  const stack: (LayerOnDisk & { readonly sidecar: string })[] = [];
  for (const layer of layers) {
    // Without the file nothing is known to be left to do.
    if (!existsSync(layer.sidecar)) {
      stack.push({ folder: layer.folder, opaque: new Set(), sidecar: layer.sidecar });
      continue;
    }
    const sidecar = readSidecar(layer.sidecar);
    if (isUnfinished(sidecar)) new LayerFixer(layer, sidecar, stack, warnings).finish();
    stack.push({ folder: layer.folder, opaque: new Set(sidecar.opaque), sidecar: layer.sidecar });
  }
  return warnings.list();
}

function isUnfinished({ implicit, links, whiteouts, unmarked, opaque, entries }: Sidecar): boolean {
  const lists = [implicit, links, whiteouts, unmarked];
  return lists.some(list => list !== undefined && list.length > 0) || opaque?.[0] === '' || entries.some(isDevice);
}

function isDevice(entry: SidecarFacts): boolean {
  return entry.type === 'block' || (entry.type === 'char' && (entry.devMajor !== 0 || entry.devMinor !== 0));
}

/** One layer, seen with those below it. */
class LayerFixer {
  readonly #files: UnpackedLayerFiles;
  readonly #sidecar: Sidecar;
  readonly #below: readonly { readonly folder: string; readonly sidecar: string }[];
  readonly #view: StackView;
  readonly #warnings: Warnings;
  /** What the sidecar says, by path. */
  readonly #entries: Map<string, SidecarEntry>;
  readonly #lowerFacts = new Map<number, Map<string, SidecarFacts>>();
  /** Directories in which something is made or removed, and the time that they had. */
  readonly #times = new Map<string, Stats>();
  readonly #copies = new Map<string, string | Buffer>();

  constructor(
    files: UnpackedLayerFiles,
    sidecar: Sidecar,
    below: readonly (LayerOnDisk & { readonly sidecar: string })[],
    warnings: Warnings,
  ) {
    this.#files = files;
    this.#sidecar = sidecar;
    this.#below = below;
    this.#view = new StackView(below);
    this.#warnings = warnings;
    this.#entries = new Map(sidecar.entries.map(entry => [entry.path, entry]));
  }

  finish(): void {
    const { implicit = [], links = [], whiteouts = [], unmarked = [], opaque = [], diverted = [] } = this.#sidecar;
    for (const link of links) this.#copyLink(link);
    for (const path of whiteouts) this.#dropPointless(path);
    const hidden = [...unmarked, ...opaque.filter(path => path === '')].flatMap(path => this.#visibleBelow(path));
    const devices = this.#sidecar.entries.filter(isDevice).map(entry => entry.path);
    this.#hide([...hidden, ...devices.filter(path => this.#find(path) !== undefined)]);
    for (const [path, stat] of this.#times) this.#setTimes(path, stat);
    for (const path of implicit) this.#inherit(path);
    writeSidecar(this.#files.sidecar, {
      entries: this.#entries.values(),
      opaque: opaque.filter(path => path !== ''),
      diverted,
    });
  }

  #find(path: string): Visible | undefined {
    const names = splitPath(path);
    return names && this.#view.find(names);
  }

  /**
   * The file of this layer at a path, whose directories were looked at: the sidecar lies in a workspace, and is not to lead anywhere else. `undefined` where a
   * directory is none.
   */
  #own(path: string): string | Buffer | undefined {
    const names = splitPath(path);
    if (!names || names.length === 0) return undefined;
    let parent = '';
    for (const name of names.slice(0, -1)) {
      parent = childPath(parent, name);
      const stat = lstatSync(fsPath(`${this.#files.folder}/${parent}`), { throwIfNoEntry: false });
      if (!stat?.isDirectory()) return undefined;
    }
    const directory = fsPath(parent === '' ? this.#files.folder : `${this.#files.folder}/${parent}`);
    if (!this.#times.has(parent)) this.#times.set(parent, lstatSync(directory));
    return fsPath(`${this.#files.folder}/${names.join('/')}`);
  }

  #copyLink(link: SidecarLink): void {
    const { target, ...entry } = link;
    const file = this.#own(entry.path);
    const names = splitPath(target);
    const found = names && this.#view.resolve(names);
    if (!file || !found || !(found.stat.isFile() || found.stat.isSymbolicLink())) {
      this.#warnings.add(
        `${quoted(entry.path)} is missing: it is a hard link to ${quoted(target)}, which no layer has`,
      );
      return;
    }
    if (lstatSync(file, { throwIfNoEntry: false })) return;
    const copy = this.#copies.get(target);
    if (copy !== undefined) linkSync(copy, file);
    else if (found.stat.isSymbolicLink()) symlinkSync(readlinkSync(found.file, 'buffer'), file);
    else copyFileSync(found.file, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    this.#copies.set(target, file);
    copyAttributes(file, found.stat);
    const facts = this.#factsBelow(found.layer, target);
    if (facts) this.#entries.set(entry.path, { ...facts, path: entry.path });
  }

  /** A deletion of what is not there hides nothing, and a mount would show its name where no layer below has the directory. */
  #dropPointless(path: string): void {
    if (this.#find(path)) return;
    const file = this.#own(path);
    const stat = file === undefined ? undefined : lstatSync(file, { throwIfNoEntry: false });
    if (file && stat && isWhiteout(stat)) unlinkSync(file);
    this.#entries.delete(path);
  }

  /** What would show through in a directory: everything that layers below have in it and this one has not. */
  #visibleBelow(path: string): string[] {
    const names = splitPath(path) ?? [];
    return this.#view.list(names).flatMap(name => {
      const child = childPath(path, name);
      const file = this.#own(child);
      const stat = file === undefined ? undefined : lstatSync(file, { throwIfNoEntry: false });
      if (!stat) return file ? [child] : [];
      return stat.isDirectory() ? this.#visibleBelow(child) : [];
    });
  }

  #hide(paths: readonly string[]): void {
    const free = paths.filter(path => {
      const file = this.#own(path);
      return file !== undefined && !lstatSync(file, { throwIfNoEntry: false });
    });
    if (free.length === 0 || process.platform !== 'linux') return;
    const specials = free.map(path => ({ kind: 'whiteout', path }) as const);
    for (const { path } of new SpecialMaker().make(this.#files.folder, specials)) {
      this.#warnings.add(`${quoted(path)} is hidden by this layer, but the mark for it could not be made here`);
    }
  }

  #setTimes(path: string, stat: Stats): void {
    utimesSync(fsPath(path === '' ? this.#files.folder : `${this.#files.folder}/${path}`), stat.atime, stat.mtime);
  }

  /** A directory that the layer does not describe stays as it is below. */
  #inherit(path: string): void {
    const found = this.#find(path);
    const file = this.#own(path);
    const own = file === undefined ? undefined : lstatSync(file, { throwIfNoEntry: false });
    if (!file || !own?.isDirectory() || !found?.stat.isDirectory()) return;
    copyAttributes(file, found.stat);
    this.#entries.delete(path);
    const facts = this.#factsBelow(found.layer, path);
    if (facts) this.#entries.set(path, { ...facts, path });
  }

  /** What the sidecar of a lower layer says of a path. */
  #factsBelow(layer: number, path: string): SidecarFacts | undefined {
    let facts = this.#lowerFacts.get(layer);
    if (!facts) {
      const sidecar = this.#below[layer]?.sidecar;
      const known = sidecar !== undefined && existsSync(sidecar) ? readSidecar(sidecar).entries : [];
      facts = new Map(known.map(entry => [entry.path, entry]));
      this.#lowerFacts.set(layer, facts);
    }
    return facts.get(path);
  }
}
