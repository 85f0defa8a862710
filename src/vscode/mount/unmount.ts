import { askImageFolder } from '../command/ask.ts';
import type { CommandArgument } from '../common/argument.ts';
import type { CommandServices } from '../features.ts';
import { NotVerifiedError } from '../common/errors.ts';

/** Unmounts in the terminal and looks whether it is gone. @throws {TaskFailedError} {@link NotVerifiedError} */
export async function unmount(
  argument: CommandArgument,
  services: CommandServices,
  title: string,
  lazy: boolean,
): Promise<void> {
  const folder = await askImageFolder(argument, services, title, mounted => mounted);
  if (folder === undefined) return;
  await services.tasks.run('unmount', await services.images.read(folder), { lazy });
  const { mount } = await services.images.read(folder);
  if (mount.mounted) throw new NotVerifiedError('unmount', mount.mountPoint);
}
