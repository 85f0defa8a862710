import * as vscode from 'vscode';
import { askImageFolder } from '../command/ask.ts';
import { COMMANDS } from '../common/ids.ts';
import { taskWouldFail } from './taskFailure.ts';
import type { RunCommand } from '../commandTable.ts';

/** Opens a terminal with a shell of the image inside its mount. */
export const openShell: RunCommand = async (argument, services) => {
  const folder = await askImageFolder(argument, services, 'Open Shell in Image');
  if (folder === undefined) return;
  const image = await services.images.read(folder);
  if (!image.mount.mounted) {
    if (!services.interactive) throw taskWouldFail('shell', folder, 'not-mounted');
    if (!(await offerToMount(folder))) return;
  }
  await services.tasks.start('shell', await services.images.read(folder));
};

/** True when the user wanted it mounted, and it is. The mount command tells of its own failures. */
async function offerToMount(folder: string): Promise<boolean> {
  const mount = 'Mount and Open Shell';
  if (
    (await vscode.window.showInformationMessage('The image is not mounted, and a shell needs its mount.', mount)) !==
    mount
  )
    return false;
  return (await vscode.commands.executeCommand(COMMANDS.mountImage, { argument: { folder } })) !== undefined;
}
