import { workspace } from 'vscode';
import { COMMANDS } from '../common/ids.ts';
import { offer, reveal, runCommand } from '../common/offer.ts';

/** Says where an image is mounted and offers what comes next. */
export function offerMount(mountPoint: string, folder: string): void {
  offer(`Mounted at ${workspace.asRelativePath(mountPoint)}. What is written there is kept in overlay/upper.`, {
    'Open Shell': runCommand(COMMANDS.openShell, { folder }),
    'Show Files': reveal(mountPoint),
  });
}
