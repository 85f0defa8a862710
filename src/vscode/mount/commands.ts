import * as vscode from 'vscode';
import { mountState } from '../../overlay/mountState.ts';
import { askImageFolder } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import type { CommandArgument } from '../common/argument.ts';
import { MountNotVerifiedError, OverlayUnavailableError } from '../common/errors.ts';
import { COMMANDS } from '../common/ids.ts';
import { offer, reveal, runCommand } from '../common/offer.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { ImageTasks } from './imageTasks.ts';
import { taskWouldFail } from './taskFailure.ts';

/** What mounting takes. */
export interface MountNeeds {
  readonly images: PulledImages;
  readonly tasks: ImageTasks;
}

/**
 * Mounts a pulled image by a task in the terminal, and checks the mount when the task has ended.
 */
export const mountImage = command(['folder'], async (argument, { images, tasks }: MountNeeds, call) => {
  const folder = await askImageFolder(argument, images, 'Mount Image', 'unmounted');
  if (folder === undefined) return undefined;
  const image = await images.read(folder);
  await requireOverlay(image.folder);
  await tasks.run('mount', image);
  return mountedAt(folder, images, call);
});

/**
 * Checks a new mount and returns the result of mounting commands. @throws {MountNotVerifiedError}
 * the image isn't mounted
 */
export async function mountedAt(
  folder: string,
  images: PulledImages,
  { interactive }: Call,
): Promise<{ readonly mountPoint: string }> {
  const { mount } = await images.read(folder);
  if (!mount.mounted) throw new MountNotVerifiedError('mount', mount.mountPoint);
  if (interactive) offerMount(mount.mountPoint, folder);
  return { mountPoint: mount.mountPoint };
}

/** Ends an image's mount by a task in the terminal. */
export const unmountImage = command(['folder'], (argument, needs: MountNeeds) =>
  unmount(argument, needs, 'Unmount Image', false),
);

/** Hides a mount that is in use; the kernel ends it when its last user leaves. */
export const unmountLazily = command(['folder'], (argument, needs: MountNeeds) =>
  unmount(argument, needs, 'Force Unmount (Lazy)', true),
);

/** @throws {TaskFailedError} {@link MountNotVerifiedError} */
async function unmount(
  argument: Pick<CommandArgument, 'folder'>,
  { images, tasks }: MountNeeds,
  title: string,
  lazy: boolean,
): Promise<void> {
  const folder = await askImageFolder(argument, images, title, 'mounted');
  if (folder === undefined) return;
  await tasks.run('unmount', await images.read(folder), { lazy });
  const { mount } = await images.read(folder);
  if (mount.mounted) throw new MountNotVerifiedError('unmount', mount.mountPoint);
}

/** Opens a terminal with a shell of the image inside its mount. */
export const openShell = command(['folder'], async (argument, { images, tasks }: MountNeeds, call) => {
  const folder = await askImageFolder(argument, images, 'Open Shell in Image');
  if (folder === undefined) return;
  const image = await images.read(folder);
  if (!image.mount.mounted) {
    if (!call.interactive) throw taskWouldFail('shell', folder, 'not-mounted');
    if (!(await offerToMount(folder))) return;
  }
  await tasks.start('shell', await images.read(folder));
});

/**
 * Returns true when the user chose to mount and the mount succeeded. The mount command reports its
 * own failures.
 */
async function offerToMount(folder: string): Promise<boolean> {
  const mount = 'Mount and Open Shell';
  const question = 'The image must be mounted to open a shell in it.';
  if ((await vscode.window.showInformationMessage(question, mount)) !== mount) return false;
  return (await vscode.commands.executeCommand(COMMANDS.mountImage, { argument: { folder } })) !== undefined;
}

/**
 * Refuses on systems where every task would fail, so that no terminal opens in vain. @throws
 * {OverlayUnavailableError}
 */
async function requireOverlay(folder: string): Promise<void> {
  const { state } = await mountState(folder);
  if (state === 'unsupported') throw new OverlayUnavailableError(folder, process.platform);
}

/** Reports where an image is mounted and offers follow-ups. */
function offerMount(mountPoint: string, folder: string): void {
  offer(`Mounted at ${vscode.workspace.asRelativePath(mountPoint)}. Changes are saved in overlay/upper.`, {
    'Open Shell': runCommand(COMMANDS.openShell, { folder }),
    'Show Files': reveal(mountPoint),
  });
}
