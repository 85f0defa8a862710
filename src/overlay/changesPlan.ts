import { lastPart } from './mountPlan.ts';
import { asRoot, checkFolder, enter, failWith, isRoot, makePlan, needPrivilege, refuseLinks, run } from './plan.ts';
import type { Plan } from './plan.ts';
import { quote, quoteAll } from './quote.ts';
import { walkLayer } from './layerWalk.ts';
import { errorCode } from '../oci/errorCode.ts';

/**
 * GNU tar's options to archive an upper directory with everything that a layer can say: owners as
 * numbers, nanoseconds, xattrs, and the overlay's marks as what they are on disk.
 */
export const UPPER_TAR_OPTIONS: readonly string[] = [
  '-c',
  '--format=posix',
  '--numeric-owner',
  '--sort=name',
  '--xattrs',
  '--xattrs-include=*',
];

export interface ReadChangesRequest {
  readonly folder: string;
  /** Name of the new archive in `overlay`. */
  readonly archive: string;
  /** `namespace`: as root of a user namespace, which suffices for what is the user's own. */
  readonly way: 'sudo' | 'namespace';
  readonly root?: boolean;
}

/**
 * Plans to archive an `overlay/upper` that the user can read only in part. Root only reads: the
 * user's own shell writes the archive, into a new file that no one else can read.
 * @throws {InvalidPlanError}
 * @throws {UnquotableTextError}
 */
export function planReadChanges(request: ReadChangesRequest): Plan {
  const folder = checkFolder(request.folder);
  const root = request.root ?? isRoot();
  const archive = `overlay/${request.archive}`;
  const change = `cd ${quote(folder)}`;
  const words = quoteAll(['tar', ...UPPER_TAR_OPTIONS, '-f', '-', '-C', 'overlay/upper', '.']);
  const reading = request.way === 'namespace' ? `unshare -Ur ${words}` : asRoot(root, `env LC_ALL=C ${words}`);
  const line = `${reading} >${quote(archive)}`;
  const refused =
    request.way === 'namespace' || root
      ? ''
      : `[ "$code" -eq 1 ] && ! sudo -n true 2>/dev/null && ${failWith('sudo-refused')}`;
  return makePlan(
    `Peel: read changes of ${lastPart(folder)}`,
    [change, line],
    [
      enter(folder),
      refuseLinks(['overlay', 'overlay/upper', quote(archive)]),
      `[ -d overlay/upper ] || ${failWith('no-folder')}`,
      request.way === 'namespace'
        ? `command -v unshare >/dev/null || ${failWith('no-namespaces')}`
        : needPrivilege(root, false),
      `tar --version 2>/dev/null | grep -q 'GNU tar' || ${failWith('changes-tools')}`,
      `${run(change)} || ${failWith('no-folder')}`,
      // The redirection creates the file or fails.
      'umask 077; set -C',
      `${run(line)}\ncode=$?`,
      `if [ "$code" -ne 0 ]; then\nrm -f ${quote(archive)}\n${refused}\n${failWith('changes-failed')}\nfi`,
      'say "the changes were read"',
    ].filter(piece => piece !== ''),
  );
}

/** Whether everything in `overlay/upper` that can be seen is the user's own. */
export async function ownsChanges(folder: string): Promise<boolean> {
  const self = process.getuid?.();
  try {
    for await (const { stat } of walkLayer(`${folder}/overlay/upper`)) if (stat.uid !== self) return false;
  } catch (error) {
    // A directory without permissions, which was found to be the user's right before.
    if (errorCode(error) !== 'EACCES') throw error;
  }
  return true;
}
