import { MOUNT_FAILURES, mountFailure, type MountFailureReason } from '../../overlay/failures.ts';
import { TaskFailedError } from '../common/errors.ts';

/**
 * Turns a task's exit code into an error. Separate from the error's class, because the table of
 * reasons is only needed after a failure.
 * @param code `undefined` if the terminal was closed
 */
export function taskFailed(action: string, folder: string, code: number | undefined): TaskFailedError {
  return new TaskFailedError(action, folder, code, code === undefined ? undefined : MOUNT_FAILURES.get(code));
}

/** The failure that a task would end with, if that is known without running it. */
export function taskWouldFail(action: string, folder: string, reason: MountFailureReason): TaskFailedError {
  return taskFailed(action, folder, mountFailure(reason).code);
}
