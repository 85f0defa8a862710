import { askImageFolder } from '../command/ask.ts';
import { requireOverlay } from './requireOverlay.ts';
import { offerMount } from './offerMount.ts';
import { NotVerifiedError } from '../common/errors.ts';
import type { RunCommand } from '../commandTable.ts';

/** Mounts a pulled image by a task in the terminal, and looks whether it is there when the task has ended. */
export const mountImage: RunCommand = async (argument, services) => {
  const folder = await askImageFolder(argument, services, 'Mount Image', mounted => !mounted);
  if (folder === undefined) return undefined;
  const image = await services.images.read(folder);
  await requireOverlay(image.folder);
  await services.tasks.run('mount', image);
  const { mount } = await services.images.read(folder);
  if (!mount.mounted) throw new NotVerifiedError('mount', mount.mountPoint);
  if (services.interactive) offerMount(mount.mountPoint, image.folder);
  return { mountPoint: mount.mountPoint };
};
