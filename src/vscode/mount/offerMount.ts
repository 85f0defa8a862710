import { workspace } from 'vscode';
import { COMMANDS } from '../common/ids.ts';
import { offer, reveal, runCommand } from '../common/offer.ts';

/** Reports where an image is mounted and offers follow-ups. */
export function offerMount(mountPoint: string, folder: string): void {
  offer(`Mounted at ${workspace.asRelativePath(mountPoint)}. Changes are saved in overlay/upper.`, {
    'Open Shell': runCommand(COMMANDS.openShell, { folder }),
    'Show Files': reveal(mountPoint),
  });
}
