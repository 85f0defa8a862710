import { unmount } from './unmount.ts';
import type { RunCommand } from '../commandTable.ts';

/** Ends an image's mount by a task in the terminal. */
export const unmountImage: RunCommand = (argument, services) => unmount(argument, services, 'Unmount Image', false);
