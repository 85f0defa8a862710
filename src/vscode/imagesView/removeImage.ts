import { basename } from 'node:path';
import * as vscode from 'vscode';
import { mountState } from '../../overlay/mountState.ts';
import { planRemove } from '../../overlay/removePlan.ts';
import { DamagedFolderError } from '../../pull/folderErrors.ts';
import { askImageFolder } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { formatBytes } from '../common/text.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import { folderSize, refuseLink, removeOwnFolder } from '../images/removeFolder.ts';
import type { ImageTasks } from '../mount/imageTasks.ts';
import { taskWouldFail } from '../mount/taskFailure.ts';

interface RemoveNeeds {
  readonly images: PulledImages;
  readonly tasks: ImageTasks;
}

/**
 * Removes a pulled image from disk, even one with a damaged description, using sudo if a mount left
 * root's files. Returns the bytes freed.
 */
export const removeImage = command(['folder'], async (argument, needs: RemoveNeeds, call) => {
  const { images } = needs;
  const folder = await askImageFolder(argument, images, 'Remove Image', undefined, () => images.damaged());
  if (folder === undefined) return undefined;
  await refuseLink(folder);
  const name = await nameOf(folder, needs);
  const { mounted } = await mountState(folder);
  if (mounted) throw taskWouldFail('remove', folder, 'still-mounted');
  const size = await folderSize(folder);
  if (call.interactive && !(await confirm(name, folder, size))) return undefined;
  const freed = await remove(folder, size, needs);
  needs.images.refresh();
  return freed;
});

/** The image's name in the confirmation. @throws {NoImageFolderError} */
async function nameOf(folder: string, { images }: RemoveNeeds): Promise<string> {
  try {
    return (await images.read(folder)).image.reference;
  } catch (error) {
    if (error instanceof DamagedFolderError) return `in ${basename(folder)}, whose peel.json is damaged`;
    throw error;
  }
}

async function remove(folder: string, size: number, { tasks }: RemoveNeeds): Promise<number> {
  if (!(await removeOwnFolder(folder))) await tasks.runPlan('remove', folder, planRemove({ folder }));
  return size - (await folderSize(folder));
}

async function confirm(name: string, folder: string, size: number): Promise<boolean> {
  const remove = 'Remove';
  const detail = `Deletes ${folder} (${formatBytes(size)}) and any changes made while it was mounted. You can't undo this.`;
  return (
    (await vscode.window.showWarningMessage(`Remove the pulled image ${name}?`, { modal: true, detail }, remove)) ===
    remove
  );
}
