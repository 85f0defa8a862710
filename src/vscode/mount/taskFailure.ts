import { MOUNT_FAILURES, mountFailure, type MountFailureReason } from '../../overlay/failures.ts';
import { TaskFailedError } from '../common/errors.ts';

/** What a task's exit code means. Apart from the class, for the table of reasons is only needed once something has failed. @param code `undefined` when the terminal was closed */
export function taskFailed(action: string, folder: string, code: number | undefined): TaskFailedError {
  return new TaskFailedError(action, folder, code, code === undefined ? undefined : MOUNT_FAILURES.get(code));
}

/** The failure that a task would end with, where that is known without running it. */
export function taskWouldFail(action: string, folder: string, reason: MountFailureReason): TaskFailedError {
  return taskFailed(action, folder, mountFailure(reason).code);
}
