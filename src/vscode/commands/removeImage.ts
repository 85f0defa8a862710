import * as vscode from 'vscode';
import { planRemove } from '../../overlay/removePlan.ts';
import { askImageFolder } from '../ask.ts';
import { folderSize, removeOwnFolder } from '../removeFolder.ts';
import { taskWouldFail } from '../taskFailure.ts';
import { formatBytes } from '../tree/text.ts';
import type { CommandServices } from '../services.ts';
import type { RunCommand } from './table.ts';

/** Removes a pulled image from the disk, with sudo where a mount left files of root. Returns the bytes freed. */
export const removeImage: RunCommand = async (argument, services) => {
  const folder = await askImageFolder(argument, services, 'Remove Image');
  if (folder === undefined) return undefined;
  const { image, mount } = await services.images.read(folder);
  if (mount.mounted) throw taskWouldFail('remove', folder, 'still-mounted');
  const size = await folderSize(folder);
  if (services.interactive && !(await confirm(image.reference, folder, size))) return undefined;
  const freed = await remove(folder, size, services);
  services.images.refresh();
  return freed;
};

async function remove(folder: string, size: number, { tasks }: CommandServices): Promise<number> {
  if (!(await removeOwnFolder(folder))) await tasks.runPlan('remove', folder, planRemove({ folder }));
  return size - (await folderSize(folder));
}

async function confirm(reference: string, folder: string, size: number): Promise<boolean> {
  const remove = 'Remove';
  const detail = `${folder}, ${formatBytes(size)}, and what was written into its mount. This cannot be undone.`;
  return (
    (await vscode.window.showWarningMessage(
      `Remove the pulled image ${reference}?`,
      { modal: true, detail },
      remove,
    )) === remove
  );
}
