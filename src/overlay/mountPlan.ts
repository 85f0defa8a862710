import {
  asRoot,
  checkFolder,
  enter,
  failWith,
  InvalidPlanError,
  isRoot,
  makeFolders,
  makePlan,
  needPrivilege,
  refuseLinks,
  refuseReadOnly,
  run,
} from './plan.ts';
import type { Plan } from './plan.ts';
import { quote } from './quote.ts';
import { restoreChecks } from './restorePlan.ts';

export interface MountOptions {
  /**
   * Setuid bits have no effect in the mount, and device files do not work, since the content is not
   * trusted.
   */
  readonly nosuidNodev: boolean;
  /**
   * Restore owners, modes, devices and capabilities first. `prepareMount` sets `owned` and
   * `restore` for it.
   */
  readonly restoreOwnership: boolean;
  /** Opaque directories have `user.overlay.opaque`, which a normal user can set (kernel 5.11). */
  readonly userxattr: boolean;
  /** Mount the layers and the changes so far, without anything writable. */
  readonly readOnly?: boolean;
}

export interface MountRequest {
  /** The image folder, absolute. */
  readonly folder: string;
  /** Their number; `layers/1` is the base. */
  readonly layers: number;
  readonly options: MountOptions;
  /**
   * Layers with a restored layer in `layers/owned/N`, made by root (see restore.ts), which goes
   * right above them.
   */
  readonly owned?: readonly number[];
  /**
   * Lines that restore owners and the like before the mount; none if done already. Needed with
   * `restoreOwnership`.
   */
  readonly restore?: readonly string[];
  /** Mount without sudo. Default: whether this process is root. */
  readonly root?: boolean;
}

/**
 * The kernel stacks at most 500 lower directories, with all options in one page
 * (fs/overlayfs/params.c).
 */
export class TooManyLayersError extends Error {
  readonly layers: number;
  readonly limit: number;
  constructor(layers: number, limit: number) {
    super(
      `The image has ${layers} layers to stack, and the kernel's overlay takes at most ${limit}. ` +
        'Use "Peel: Extract Merged…" instead: it makes one plain folder of all layers.',
    );
    this.name = 'TooManyLayersError';
    this.layers = layers;
    this.limit = limit;
  }
}

/** OVL_MAX_STACK */
const MAX_LOWER = 500;
/** One page, minus room for what the kernel or mount(8) adds. */
const MAX_OPTIONS = 4000;
/** fsconfig(2) takes 255 bytes for one value. A list nearly as long goes by mount(2). */
const MAX_NEW_API_VALUE = 250;

/** Returns the layers' folders, topmost first, relative to `layers`. */
export function lowerNames(layers: number, owned: readonly number[] = []): string[] {
  const restored = new Set(owned);
  const names: string[] = [];
  for (let number = layers; number >= 1; number--) {
    if (restored.has(number)) names.push(`owned/${number}`);
    names.push(String(number));
  }
  return names;
}

/**
 * Returns the `-o` options. Names are short and relative to `layers`, so that no character of the
 * user's path needs an overlay escape (`\:`, `\,`), and 500 layers fit into the page.
 * @throws {TooManyLayersError}
 * @throws {InvalidPlanError}
 */
export function overlayOptions(request: Pick<MountRequest, 'layers' | 'owned' | 'options'>): string {
  const { layers, owned, options } = request;
  if (!Number.isSafeInteger(layers) || layers < 1) {
    throw new InvalidPlanError('The image has no layers, so there is nothing to mount');
  }
  const lower = lowerNames(layers, owned);
  // The kernel refuses a single lower directory without an upper one, and the changes so far belong
  // into the view anyway.
  if (options.readOnly === true) lower.unshift('../overlay/upper');
  if (lower.length > MAX_LOWER) throw new TooManyLayersError(lower.length, MAX_LOWER);
  const parts = [`lowerdir=${lower.join(':')}`];
  if (options.readOnly === true) parts.unshift('ro');
  else parts.push('upperdir=../overlay/upper', 'workdir=../overlay/work');
  if (options.userxattr) parts.push('userxattr');
  if (options.nosuidNodev) parts.push('nosuid', 'nodev');
  const text = parts.join(',');
  if (text.length > MAX_OPTIONS)
    throw new TooManyLayersError(lower.length, Math.floor((lower.length * MAX_OPTIONS) / text.length));
  return text;
}

/**
 * util-linux 2.39 and newer mounts by fsconfig(2), which takes at most 255 bytes for one value,
 * while mount(2) takes a page. Since sudo clears the environment, the variable is set after it.
 * Older versions ignore it.
 */
export function mountCommand(options: string): string {
  const words = `mount -t overlay -o ${quote(options)} overlay ../merged`;
  const longest = Math.max(...options.split(',').map(part => part.length - part.indexOf('=') - 1));
  return longest > MAX_NEW_API_VALUE ? `env LIBMOUNT_FORCE_MOUNT2=always ${words}` : words;
}

/** Reports why a mount failed, judging by the machine, since mount(8)'s exit codes do not say. */
function diagnose(root: boolean, userxattr: boolean): string {
  const lines = [
    'if [ "$code" -ne 0 ]; then',
    root ? '' : `  [ "$code" -eq 1 ] && ${failWith('sudo-refused')}`,
    `  grep -qw overlay /proc/filesystems || ${failWith('no-overlay')}`,
    `  case $(stat -f -c %T ../overlay 2>/dev/null) in`,
    `    overlayfs | nfs* | v9fs | smb* | cifs | msdos | exfat | ntfs* | fuse* | ecryptfs | hfs*) ${failWith('unfit-disk')} ;;`,
    '  esac',
    userxattr
      ? `  uname -r | { IFS=.- read -r major minor rest; [ "$major" -lt 5 ] || { [ "$major" -eq 5 ] && [ "$minor" -lt 11 ]; }; } && ${failWith('kernel-too-old')}`
      : '',
    `  ${failWith('mount-failed')}`,
    'fi',
    `mounted "$merged" || ${failWith('mount-failed')}`,
  ];
  return lines.filter(line => line !== '').join('\n');
}

/** Ends the program unless every layer is a folder of its own. */
export function checkLayers(count: number): string {
  return [
    refuseLinks(['layers', 'layers/owned', 'layers/owned.new', 'overlay', 'overlay/upper', 'overlay/work', 'merged']),
    'number=1',
    `while [ "$number" -le ${count} ]; do`,
    `  [ -h "layers/$number" ] && ${failWith('not-real')}`,
    `  [ -d "layers/$number" ] || ${failWith('no-folder')}`,
    '  number=$((number + 1))',
    'done',
  ].join('\n');
}

/**
 * Plans to mount a pulled image's layers, with a writable folder on top, at `merged`. Mounting
 * again succeeds, and says so.
 * @throws {TooManyLayersError}
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planMount(request: MountRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const { options } = request;
  if (options.restoreOwnership && request.restore === undefined) {
    throw new InvalidPlanError('Owners can only be restored by a mount that was prepared for it (prepareMount)');
  }
  const command = asRoot(root, mountCommand(overlayOptions(request)));
  const change = `cd ${quote(`${folder}/layers`)}`;
  const make = 'mkdir -p ../overlay/upper ../overlay/work ../merged';
  const { restore = [] } = request;
  const refuseOverlay = `[ "$(stat -f -c %T ../overlay 2>/dev/null)" = overlayfs ] && ${failWith('unfit-disk')}`;
  return makePlan(
    `${lastPart(folder)}: mount`,
    [change, make, ...restore, command],
    [
      enter(folder),
      `if mounted "$merged"; then say "already mounted at $here/merged"; exit 0; fi`,
      checkLayers(request.layers),
      needPrivilege(root),
      `${run(change)} || ${failWith('no-folder')}`,
      makeFolders(make),
      ...(options.readOnly === true ? [] : [refuseReadOnly('../overlay'), refuseOverlay]),
      ...(restore.length > 0 ? [restoreChecks()] : []),
      ...restore.map(line => restoreStep(line, root)),
      `${run(command)}\ncode=$?`,
      diagnose(root, options.userxattr),
      'say "mounted at $here/merged"',
    ],
  );
}

function restoreStep(line: string, root: boolean): string {
  const refused = root ? '' : `[ "$code" -eq 1 ] && ! sudo -n true 2>/dev/null && ${failWith('sudo-refused')}\n`;
  return `${run(line)}\ncode=$?\nif [ "$code" -ne 0 ]; then\n${refused}${failWith('restore-failed')}\nfi`;
}

/** Returns the folder's name for titles, without what cannot be shown safely. */
export function lastPart(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1).slice(0, 60);
}

/**
 * Lists the mount's users: processes by their directories and open files, and mounts inside it.
 * Names are reduced to plain characters.
 */
function listUsers(root: boolean): string {
  const find = String.raw`find /proc -mindepth 2 -maxdepth 3 -path '/proc/[0-9]*' \( -name cwd -o -name root -o -name exe -o -path '*/fd/*' \) -exec ls -l '{}' +`;
  return String.raw`users() {
  below "$merged"
  { ${root ? find : `sudo -n ${find} || ${find}`}; } 2>/dev/null | while IFS= read -r line; do
    case $line in
      *" -> $here/merged" | *" -> $here/merged/"*) printf '%s\n' "$line" ;;
    esac
  done | sed -n 's|^[^/]*/proc/\([0-9][0-9]*\)/.*|\1|p' | sort -un | while read -r process; do
    printf '  process %s: ' "$process"
    tr '\000' ' ' <"/proc/$process/cmdline" 2>/dev/null | LC_ALL=C tr -cd ' -~' | cut -c 1-100
    printf '\n'
  done
}`;
}

export interface UnmountRequest {
  readonly folder: string;
  /** Hide the mount now, and let the kernel end it when its last user leaves. */
  readonly lazy?: boolean;
  /** fuse-overlayfs made the mount, whose owner can end it without sudo. */
  readonly fuse?: boolean;
  readonly root?: boolean;
}

function unmountCommand(request: UnmountRequest, point: string, root: boolean): string {
  if (request.fuse === true) return `fusermount3 -u ${request.lazy === true ? '-z ' : ''}${quote(point)}`;
  return asRoot(root, `umount ${request.lazy === true ? '-l ' : ''}${quote(point)}`);
}

/**
 * Plans to end the mount, and all others stacked on the same place. If it is in use, its users are
 * listed and the exit code is `busy`. Unmounting what is not mounted succeeds, and says so.
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planUnmount(request: UnmountRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const fuse = request.fuse === true;
  const line = unmountCommand(request, `${folder}/merged`, root);
  const refused = fuse || root ? '' : `[ "$code" -eq 1 ] && ! sudo -n true 2>/dev/null && ${failWith('sudo-refused')}`;
  return makePlan(
    `${lastPart(folder)}: unmount`,
    [line],
    [
      enter(folder),
      `if ! mounted "$merged"; then say "$here/merged is not mounted"; exit 0; fi`,
      listUsers(root || fuse),
      fuse ? `command -v fusermount3 >/dev/null || ${failWith('no-fuse')}` : needPrivilege(root),
      'tries=4',
      'while mounted "$merged"; do',
      `${run(line)}\ncode=$?`,
      'if [ "$code" -ne 0 ] && mounted "$merged"; then',
      refused,
      // A terminal or file that was just closed is released a moment later.
      'tries=$((tries - 1))',
      '[ "$code" -eq 32 ] && [ "$tries" -gt 0 ] && { sleep 0.5; continue; }',
      'found=$(users)',
      `if [ -n "$found" ]; then printf '%s\\n' 'In use by:' "$found"; ${failWith('busy')}; fi`,
      `[ "$code" -eq 32 ] && ${failWith('busy')}`,
      failWith('unmount-failed'),
      'fi',
      'done',
      'say "unmounted $here/merged"',
    ].filter(piece => piece !== ''),
  );
}
