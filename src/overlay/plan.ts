import { failureText, mountFailure } from './failures.ts';
import type { MountFailureReason } from './failures.ts';
import { quote } from './quote.ts';

/**
 * What a task runs in a terminal: a shell program that shows each line before running it, and ends
 * with a line of its own (`Peel: …`). Exit code 0 is success; MOUNT_FAILURES has the others.
 */
export interface Plan {
  /** The terminal tab's title. */
  readonly title: string;
  /** Never inside the image folder, where the terminal itself would keep the mount busy. */
  readonly cwd: string;
  /**
   * To start without another shell (vscode.ProcessExecution), since everything is quoted already.
   * The arguments are short, because VS Code prints them when the program fails; the program itself
   * is in `env`.
   */
  readonly shell: '/bin/sh';
  readonly args: readonly string[];
  /** The lines shown (after `+ `) and run in order, if the checks before them pass. */
  readonly lines: readonly string[];
  /** Added to the environment; contains the program, which removes itself from there. */
  readonly env: Readonly<Record<string, string>>;
}

/** No plan can be made from these arguments. */
export class InvalidPlanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidPlanError';
  }
}

/** The environment variable that holds the program. */
const PROGRAM = 'PEEL_TASK';

/**
 * The start of every program. It must not contain `${…}`, because VS Code replaces variables in a
 * task's environment. Paths in mountinfo have space, tab and backslash as octal escapes
 * (proc_pid_mountinfo(5)).
 */
const PRELUDE = String.raw`unset ${PROGRAM}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
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

/** Returns the command that ends the program for this reason. */
export function failWith(reason: MountFailureReason): string {
  const failure = mountFailure(reason);
  return `fail ${failure.code} ${quote(failureText(failure))}`;
}

/**
 * Shows the line in the terminal, then runs it. Both use the same string, so that what is read is
 * what is run.
 */
export function run(line: string): string {
  return `printf '%s\\n' ${quote(`+ ${line}`)}\n${line}`;
}

/**
 * Ends the program if a folder's disk is read-only, which neither mkdir(1) nor mount(8) reports by
 * exit code.
 */
export function refuseReadOnly(folder: string): string {
  return `unwritable ${folder} && ${failWith('read-only-disk')}`;
}

/**
 * Makes the folders of the writable part and the mount point, relative to `layers`, and
 * distinguishes why that fails.
 */
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

/**
 * Enters the image folder by its real path, and sets `here` (plain) and `merged` (as mountinfo
 * writes it).
 */
export function enter(folder: string): string {
  return [
    `cd -P -- ${quote(folder)} 2>/dev/null || ${failWith('no-folder')}`,
    'here=$(pwd -P)',
    'merged=$(escaped "$here")/merged',
  ].join('\n');
}

/**
 * Refuses symbolic links in place of the image folder's own folders, which could lead root anywhere
 * in a hostile workspace.
 */
export function refuseLinks(names: readonly string[]): string {
  return `for part in ${names.join(' ')}; do\n  [ -h "$part" ] && ${failWith('not-real')}\ndone`;
}

/**
 * Ends the program if a password would not help. CAP_SYS_ADMIN is bit 21 of the bounding set
 * (capabilities(7)).
 */
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

/** Returns true if this process is root, and so needs no sudo. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Puts `sudo` before the command, except for root. */
export function asRoot(root: boolean, line: string): string {
  return root ? line : `sudo ${line}`;
}

/** Refuses folders that would change the meaning of relative names. @throws {InvalidPlanError} */
export function checkFolder(folder: string): string {
  if (!folder.startsWith('/')) {
    throw new InvalidPlanError(`The image folder must be an absolute path on this machine, but it is "${folder}"`);
  }
  const clean = folder.replace(/\/+$/, '');
  if (clean === '') throw new InvalidPlanError('The root of the file system cannot be an image folder');
  return clean;
}

/** Joins the pieces of a program. */
export function makePlan(title: string, lines: readonly string[], pieces: readonly string[]): Plan {
  return {
    title,
    cwd: '/',
    shell: '/bin/sh',
    args: ['-c', `eval "$${PROGRAM}"`, 'peel'],
    lines,
    env: { [PROGRAM]: [PRELUDE, ...pieces].join('\n') },
  };
}
