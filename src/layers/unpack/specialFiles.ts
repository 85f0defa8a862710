import { spawnSync } from 'node:child_process';
import { accessSync, constants, linkSync, lstatSync, unlinkSync } from 'node:fs';
import { fsPath, hasRawBytes } from '../tar/byteName.ts';
import { encodeHeader, END_MARK } from '../tar/tarEncoder.ts';
import { IMPLICIT_DIRECTORY } from '../tar/tarEntry.ts';
import { isWhiteout } from './stackView.ts';

/** A file that Node.js cannot make, but the system's tar can. Paths are relative. */
export type Special =
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'fifo'; readonly path: string; readonly mode: number }
  | { readonly kind: 'opaque'; readonly path: string };

/**
 * Where the system's tools are. The environment's PATH is ignored, since a workspace may have set
 * it.
 */
const TOOL_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/run/current-system/sw/bin'];
/** Files made by one archive. */
const BATCH = 4096;
const OPAQUE: ReadonlyMap<string, Buffer> = new Map([['user.overlay.opaque', Buffer.from('y')]]);

/**
 * Makes whiteouts, opaque marks and FIFOs in folders that nothing else writes to. One archive fed
 * to GNU tar makes many, while single calls, the fallback, take a process each. After the first
 * whiteout, others become further names of it without a process, like the kernel's own whiteouts
 * (Linux, fs/overlayfs/dir.c, since 5.8).
 */
export class SpecialMaker {
  /** An earlier whiteout, which may be gone by now. */
  #whiteout: { readonly folder: string; readonly path: string } | undefined;

  /**
   * Returns those that could not be made, because the system forbids devices or attributes, or has
   * no tools.
   */
  make(folder: string, specials: readonly Special[]): Special[] {
    const left = specials.filter(special => !(special.kind === 'whiteout' && this.#link(folder, special.path)));
    const failed = new Set<Special>();
    for (let at = 0; at < left.length; at += BATCH) {
      for (const special of makeBatch(folder, left.slice(at, at + BATCH))) failed.add(special);
    }
    const made = left.find(special => special.kind === 'whiteout' && !failed.has(special));
    if (made) this.#whiteout = { folder, path: made.path };
    return [...failed];
  }

  /** Records that a folder was renamed. */
  moved(from: string, to: string): void {
    if (this.#whiteout?.folder === from) this.#whiteout = { ...this.#whiteout, folder: to };
  }

  /**
   * Returns false if impossible: on another file system, one without links, or beyond its limit of
   * links.
   */
  #link(folder: string, path: string): boolean {
    if (!this.#whiteout) return false;
    const name = fsPath(`${folder}/${path}`);
    try {
      linkSync(fsPath(`${this.#whiteout.folder}/${this.#whiteout.path}`), name);
    } catch {
      return false;
    }
    // Something else may have taken its place.
    if (isWhiteout(lstatSync(name))) return true;
    unlinkSync(name);
    return false;
  }
}

function makeBatch(folder: string, specials: readonly Special[]): Special[] {
  const tar = findTool('tar');
  const all = tar !== undefined && runTar(tar, folder, specials);
  return specials.filter(special => !(isMade(folder, special, all) || makeSingly(folder, special)));
}

/** Returns true if tar reported nothing. */
function runTar(tar: string, folder: string, specials: readonly Special[]): boolean {
  const { status, stderr } = spawnSync(
    tar,
    ['-x', '-f', '-', '--no-same-owner', '--same-permissions', '--xattrs', '--xattrs-include=*'],
    { cwd: folder, input: specialTar(specials), env: { LC_ALL: 'C' }, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  return status === 0 && stderr.length === 0;
}

/**
 * Returns an archive of these files: whiteouts as devices 0/0, opaque directories with the mark for
 * mounts with `userxattr` (Linux, filesystems/overlayfs).
 */
function specialTar(specials: readonly Special[]): Buffer {
  return Buffer.concat([...specials.map(headerOf), END_MARK]);
}

function headerOf(special: Special): Buffer {
  const entry = { ...IMPLICIT_DIRECTORY, path: `./${special.path}` };
  if (special.kind === 'whiteout') return encodeHeader({ ...entry, type: 'char', mode: 0 });
  if (special.kind === 'fifo') return encodeHeader({ ...entry, type: 'fifo', mode: special.mode & 0o777 });
  return encodeHeader({ ...entry, mode: 0o700, xattrs: OPAQUE });
}

/** Files can be checked; for marks, only tar's exit status counts. */
function isMade(folder: string, special: Special, all: boolean): boolean {
  if (special.kind === 'opaque') return all;
  const stat = lstatSync(fsPath(`${folder}/${special.path}`), { throwIfNoEntry: false });
  if (!stat) return false;
  return special.kind === 'fifo' ? stat.isFIFO() : isWhiteout(stat);
}

function makeSingly(folder: string, special: Special): boolean {
  // Arguments of programs are UTF-8.
  if (hasRawBytes(special.path)) return false;
  const path = `./${special.path}`;
  switch (special.kind) {
    case 'whiteout':
      return run('mknod', [path, 'c', '0', '0'], folder);
    case 'fifo':
      return run('mkfifo', ['-m', (special.mode & 0o777).toString(8), path], folder);
    default:
      return run('setfattr', ['-h', '-n', 'user.overlay.opaque', '-v', 'y', path], folder);
  }
}

function run(name: string, args: readonly string[], cwd: string): boolean {
  const tool = findTool(name);
  return tool !== undefined && spawnSync(tool, args, { cwd, env: { LC_ALL: 'C' }, stdio: 'ignore' }).status === 0;
}

function findTool(name: string): string | undefined {
  return TOOL_FOLDERS.map(folder => `${folder}/${name}`).find(path => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
