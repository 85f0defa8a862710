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
  /** Programs in the mount gain no rights by setuid bits, and device files are dead: the content is not trusted. */
  readonly nosuidNodev: boolean;
  /** Restore owners, modes, devices and capabilities first: `prepareMount` makes `owned` and `restore` for it. */
  readonly restoreOwnership: boolean;
  /** Opaque directories are marked by `user.overlay.opaque`, as a normal user can (kernel 5.11). */
  readonly userxattr: boolean;
  /** The layers and what `upper` holds by now, with nothing writable. */
  readonly readOnly?: boolean;
}

export interface MountRequest {
  /** The image folder, absolute. */
  readonly folder: string;
  /** How many: `layers/1` is the base. */
  readonly layers: number;
  readonly options: MountOptions;
  /** Layers that have a twin in `layers/owned/N`, which root made (see restore.ts). It lies right above its layer. */
  readonly owned?: readonly number[];
  /** Lines that restore owners and the like, run before the mount; none when it was done already. Needed with `restoreOwnership`. */
  readonly restore?: readonly string[];
  /** No sudo is needed. Default: whether this process is root. */
  readonly root?: boolean;
}

/** More layers than the kernel stacks: at most 500 lower directories, and all options in one page (fs/overlayfs/params.c). */
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
/** One page, less room for what the kernel or mount(8) adds. */
const MAX_OPTIONS = 4000;
/** What fsconfig(2) takes for one value is 255 bytes; a list that is nearly as long goes the old way. */
const MAX_NEW_API_VALUE = 250;

/** The folders of layers, topmost first, as names relative to `layers`. */
export function lowerNames(layers: number, owned: readonly number[] = []): string[] {
  const twins = new Set(owned);
  const names: string[] = [];
  for (let number = layers; number >= 1; number--) {
    if (twins.has(number)) names.push(`owned/${number}`);
    names.push(String(number));
  }
  return names;
}

/**
 * The `-o` text. All names in it are short and relative to `layers`: no character of the person's path needs an overlay escape (`\:`, `\,`),
 * and 500 layers fit the page.
 * @throws {TooManyLayersError} @throws {InvalidPlanError}
 */
export function overlayOptions(request: Pick<MountRequest, 'layers' | 'owned' | 'options'>): string {
  const { layers, owned, options } = request;
  if (!Number.isSafeInteger(layers) || layers < 1) {
    throw new InvalidPlanError('The image has no layers, so there is nothing to mount');
  }
  const lower = lowerNames(layers, owned);
  // One lower directory alone is refused by the kernel when there is no upper one; what was changed so far belongs into the view anyway.
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
 * util-linux 2.39 and newer mounts by fsconfig(2), which takes at most 255 bytes for one value; mount(2) takes a page. sudo clears the
 * environment, so the variable is set behind it. Older versions ignore it.
 */
export function mountCommand(options: string): string {
  const words = `mount -t overlay -o ${quote(options)} overlay ../merged`;
  const longest = Math.max(...options.split(',').map(part => part.length - part.indexOf('=') - 1));
  return longest > MAX_NEW_API_VALUE ? `env LIBMOUNT_FORCE_MOUNT2=always ${words}` : words;
}

/** Says why a mount failed, by what the machine looks like: exit codes of mount(8) tell nothing of the reason. */
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

/** The piece that ends the program unless every layer is there, and is a folder of its own. */
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
 * How to mount a pulled image's layers, with a writable folder on top, at `merged`. Mounting what is mounted is no failure: it is told.
 * @throws {TooManyLayersError} @throws {InvalidPlanError} @throws {UnquotableTextError}
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
    `Peel: mount ${lastPart(folder)}`,
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

/** The folder's name, for titles: what cannot be shown safely is left out. */
export function lastPart(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1).slice(0, 60);
}

/** Lists who uses the mount: processes by their directories and open files, and mounts inside it. Names are cut to plain characters. */
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
  /** Take the mount out of sight now, and let the kernel end it when nobody uses it any more. */
  readonly lazy?: boolean;
  /** The mount was made by fuse-overlayfs, which its owner ends without sudo. */
  readonly fuse?: boolean;
  readonly root?: boolean;
}

function unmountCommand(request: UnmountRequest, point: string, root: boolean): string {
  if (request.fuse === true) return `fusermount3 -u ${request.lazy === true ? '-z ' : ''}${quote(point)}`;
  return asRoot(root, `umount ${request.lazy === true ? '-l ' : ''}${quote(point)}`);
}

/**
 * How to end the mount, and all that were stacked on the same place. When it is in use, the users are listed and the exit code is `busy`.
 * Unmounting what is not mounted is no failure: it is told.
 * @throws {InvalidPlanError} @throws {UnquotableTextError}
 */
export function planUnmount(request: UnmountRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const fuse = request.fuse === true;
  const line = unmountCommand(request, `${folder}/merged`, root);
  const refused = fuse || root ? '' : `[ "$code" -eq 1 ] && ! sudo -n true 2>/dev/null && ${failWith('sudo-refused')}`;
  return makePlan(
    `Peel: unmount ${lastPart(folder)}`,
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
      // A terminal or file that was closed just now is let go a moment later.
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
