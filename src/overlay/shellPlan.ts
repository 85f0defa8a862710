import { lastPart } from './mountPlan.ts';
import { asRoot, checkFolder, enter, failWith, isRoot, makePlan, needPrivilege, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';

/** What to run in an image. */
export interface ImageCommand {
  /** The PATH in the image's config. */
  readonly path?: string;
  /**
   * A command and its arguments, run by the image's shell with that PATH. Absent: an interactive
   * shell.
   */
  readonly command?: readonly string[];
}

export interface ShellRequest extends ImageCommand {
  readonly folder: string;
  readonly root?: boolean;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Returns an image's PATH if it can be shown and used. */
function imagePath(path: string | undefined): string {
  // oxlint-disable-next-line no-control-regex -- an image may say anything
  return path === undefined || path === '' || path.length > 4096 || /[\u0000-\u001f\u007f-\u009f]/.test(path)
    ? DEFAULT_PATH
    : path;
}

/**
 * Runs inside the image. Sets the PATH there and not before chroot(8), or the image could choose
 * which `chroot` the host runs as root. An interactive shell always ends with 0, so that 125…127
 * can only come from chroot(8), and mean that no shell started.
 */
function insideWords(request: ImageCommand): string {
  const setPath = `PATH=${quote(imagePath(request.path))}; export PATH`;
  const script = request.command === undefined ? `${setPath}; /bin/sh; exit 0` : `${setPath}; exec "$@"`;
  return quoteAll(['/bin/sh', '-c', script, ...(request.command === undefined ? [] : ['sh', ...request.command])]);
}

/**
 * Returns the command that runs the image's shell in a directory as its root. Its environment is
 * its own, since VS Code's may hold tokens.
 */
export function cleanChroot(directory: string, request: ImageCommand): string {
  const clean = 'env -i HOME=/root TERM="$TERM" PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';
  return `${clean} chroot ${quote(directory)} ${insideWords(request)}`;
}

/**
 * Plans a shell of the image inside its mount, by sudo and chroot. It does not confine: the image's
 * programs run as root of this machine.
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planShell(request: ShellRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const line = asRoot(root, cleanChroot(`${folder}/merged`, request));
  const interactive = request.command === undefined;
  return makePlan(
    `${lastPart(folder)}: shell`,
    [line],
    [
      enter(folder),
      `mounted "$merged" || ${failWith('not-mounted')}`,
      needPrivilege(root),
      interactive
        ? 'say "Warning: programs in this image run as root on this machine. Type exit to close the shell."'
        : '',
      `${run(line)}\ncode=$?`,
      `case $code in 126 | 127) ${failWith('no-shell')} ;; 125) ${failWith('shell-failed')} ;; esac`,
      interactive
        ? [
            root ? '' : `[ "$code" -eq 1 ] && ${failWith('sudo-refused')}`,
            `[ "$code" -eq 0 ] || ${failWith('shell-failed')}`,
            'say "the shell has ended"',
          ].join('\n')
        : 'exit "$code"',
    ],
  );
}
