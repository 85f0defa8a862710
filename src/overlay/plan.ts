import { failureText, mountFailure } from './failures.ts';
import type { MountFailureReason } from './failures.ts';
import { quote } from './quote.ts';

/**
 * What a task runs in a terminal: a shell program that shows each of its lines as it runs it, and ends with a line of its own (`Peel: …`).
 * Exit code 0 is success; the others are in MOUNT_FAILURES.
 */
export interface Plan {
  /** For the terminal's tab. */
  readonly title: string;
  /** Never inside the image folder, or the terminal itself would keep the mount busy. */
  readonly cwd: string;
  /** Start it without a shell around it (vscode.ProcessExecution): everything is quoted once already. */
  readonly shell: '/bin/sh';
  readonly args: readonly string[];
  /** The lines that are shown (with `+ ` before them) and run, in their order, when nothing is found wrong before. */
  readonly lines: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** The plan cannot be made from these arguments. */
export class InvalidPlanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidPlanError';
  }
}

/**
 * What every program begins with. No `${…}` may stand in it: the editor replaces variables in a task's arguments.
 * Paths in mountinfo have space, tab and backslash as octal escapes (proc_pid_mountinfo(5)).
 */
const PRELUDE = String.raw`PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
say() { printf 'Peel: %s\n' "$1"; }
fail() { printf 'Peel: %s\n' "$2" >&2; exit "$1"; }
escaped() { printf '%s\n' "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g'; }
mounted() {
  while read -r id parent device root point rest; do
    [ "$point" = "$1" ] && return 0
  done </proc/self/mountinfo
  return 1
}
below() {
  while read -r id parent device root point rest; do
    case $point in "$1"/*) printf '  mounted: %s\n' "$point" ;; esac
  done </proc/self/mountinfo
}
unwritable() { [ ! -w "$1" ] && LC_ALL=C touch -c "$1" 2>&1 | grep -q 'Read-only file system'; }
status() {
  while read -r key value rest; do
    [ "$key" = "$1:" ] && printf '%s' "$value"
  done </proc/self/status
}`;

/** The words of the program that end it for this reason. */
export function failWith(reason: MountFailureReason): string {
  const failure = mountFailure(reason);
  return `fail ${failure.code} ${quote(failureText(failure))}`;
}

/** Shows the line in the terminal, then runs it: one text, so that what is read is what is run. */
export function run(line: string): string {
  return `printf '%s\\n' ${quote(`+ ${line}`)}\n${line}`;
}

/** Ends the program where the disk below a folder can only be read: neither mkdir(1) nor mount(8) tells that by its exit code. */
export function refuseReadOnly(folder: string): string {
  return `unwritable ${folder} && ${failWith('read-only-disk')}`;
}

/** Makes the folders of the writable part and the mount point, seen from `layers`; what ends the program where that fails is told apart. */
export function makeFolders(line: string): string {
  const allowed = '[ -w .. ] && { [ ! -d ../overlay ] || [ -w ../overlay ]; }';
  return [
    `${run(line)} || {`,
    `  ${refuseReadOnly('..')}`,
    `  ${allowed} || ${failWith('not-yours')}`,
    `  ${failWith('unfit-disk')}`,
    '}',
  ].join('\n');
}

/** Enters the image folder by its true path, and sets `here` (plain) and `merged` (as mountinfo writes it). */
export function enter(folder: string): string {
  return [
    `cd -P -- ${quote(folder)} 2>/dev/null || ${failWith('no-folder')}`,
    'here=$(pwd -P)',
    'merged=$(escaped "$here")/merged',
  ].join('\n');
}

/** Refuses symbolic links where the image folder has folders of its own: a hostile workspace could lead root anywhere with them. */
export function refuseLinks(names: readonly string[]): string {
  return `for part in ${names.join(' ')}; do\n  [ -h "$part" ] && ${failWith('not-real')}\ndone`;
}

/** Ends the program where a password would be asked for in vain. CAP_SYS_ADMIN is bit 21 of the bounding set (capabilities(7)). */
export function needPrivilege(root: boolean, toMount = true): string {
  const checks = root
    ? []
    : [
        `command -v sudo >/dev/null || ${failWith('no-sudo')}`,
        `[ "$(status NoNewPrivs)" = 1 ] && ${failWith('sudo-blocked')}`,
      ];
  if (!toMount) return checks.join('\n');
  return [...checks, `case $(status CapBnd) in *[2367abef]?????) ;; *) ${failWith('not-permitted')} ;; esac`].join(
    '\n',
  );
}

/** True when this process is root already, so that nothing needs sudo. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** `sudo` and the words, or the words alone for root. */
export function asRoot(root: boolean, line: string): string {
  return root ? line : `sudo ${line}`;
}

/** Refuses what would make relative names mean something else. @throws {InvalidPlanError} */
export function checkFolder(folder: string): string {
  if (!folder.startsWith('/')) {
    throw new InvalidPlanError(`The image folder must be an absolute path of this machine, and "${folder}" is none`);
  }
  const clean = folder.replace(/\/+$/, '');
  if (clean === '') throw new InvalidPlanError('The root of the file system cannot be an image folder');
  return clean;
}

/** Puts the pieces together. */
export function makePlan(title: string, lines: readonly string[], pieces: readonly string[]): Plan {
  return {
    title,
    cwd: '/',
    shell: '/bin/sh',
    args: ['-c', [PRELUDE, ...pieces].join('\n'), 'peel'],
    lines,
    env: {},
  };
}
