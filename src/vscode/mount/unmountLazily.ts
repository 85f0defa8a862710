import { unmount } from './unmount.ts';
import type { RunCommand } from '../commandTable.ts';

/** Takes a mount that is in use out of sight; the kernel ends it when nobody uses it any more. */
export const unmountLazily: RunCommand = (argument, services) => unmount(argument, services, 'Unmount Lazily', true);
