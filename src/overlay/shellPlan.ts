import { lastPart } from './mountPlan.ts';
import { asRoot, checkFolder, enter, failWith, isRoot, makePlan, needPrivilege, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';

export interface ShellRequest {
  readonly folder: string;
  /** The PATH of the image's config. */
  readonly path?: string;
  /** A command and its arguments, run by the image's shell with that PATH. Absent: an interactive shell. */
  readonly command?: readonly string[];
  readonly root?: boolean;
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A PATH from an image, where it is one that can be shown and used. */
function imagePath(path: string | undefined): string {
  // oxlint-disable-next-line no-control-regex -- an image may say anything
  return path === undefined || path === '' || path.length > 4096 || /[\u0000-\u001f\u007f-\u009f]/.test(path)
    ? DEFAULT_PATH
    : path;
}

/**
 * What runs inside the image. The PATH is set there and not before chroot(8), or the image could choose which `chroot` the host runs as root. An
 * interactive shell always ends with 0, so that 125…127 can only come from chroot(8): no shell was started.
 */
function insideWords(request: ShellRequest): string {
  const setPath = `PATH=${quote(imagePath(request.path))}; export PATH`;
  const script = request.command === undefined ? `${setPath}; /bin/sh; exit 0` : `${setPath}; exec "$@"`;
  return quoteAll(['/bin/sh', '-c', script, ...(request.command === undefined ? [] : ['sh', ...request.command])]);
}

/**
 * A shell of the image inside its mount, by sudo and chroot, in an environment of its own (nothing of the editor's, where tokens may be).
 * It is no prison: the image's programs run as root of this machine.
 * @throws {InvalidPlanError} @throws {UnquotableTextError}
 */
export function planShell(request: ShellRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const clean = 'env -i HOME=/root TERM="$TERM" PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';
  const line = asRoot(root, `${clean} chroot ${quote(`${folder}/merged`)} ${insideWords(request)}`);
  const interactive = request.command === undefined;
  return makePlan(
    `Peel: shell in ${lastPart(folder)}`,
    [line],
    [
      enter(folder),
      `mounted "$merged" || ${failWith('not-mounted')}`,
      needPrivilege(root),
      interactive ? 'say "the programs of the image run as root of this machine; exit ends the shell"' : '',
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
