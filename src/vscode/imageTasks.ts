import type * as vscode from 'vscode';
import { MOUNT_FAILURES, type MountFailure } from '../overlay/failures.ts';
import { KeyedMutex } from '../blobs/keyedMutex.ts';
import type { ImageOnDisk } from './images.ts';
import { runTask } from './runTask.ts';
import type { Services } from './services.ts';
import type { TaskAction } from './taskDefinition.ts';
import { taskFor } from './tasks.ts';

/** A task of the overlay room ended without doing its work. */
export class TaskFailedError extends Error {
  readonly action: TaskAction;
  readonly folder: string;
  /** Absent when the exit code is none that the task itself gives. */
  readonly failure: MountFailure | undefined;
  constructor(action: TaskAction, folder: string, code: number | undefined) {
    const failure = code === undefined ? undefined : MOUNT_FAILURES.get(code);
    super(failure ? `${failure.message}. ${failure.remedy}.` : strange(action, code));
    this.name = 'TaskFailedError';
    this.action = action;
    this.folder = folder;
    this.failure = failure;
  }
}

function strange(action: TaskAction, code: number | undefined): string {
  if (code === undefined)
    return `The terminal was closed before the ${action} had ended. Run it again, and leave the terminal open.`;
  if (code === 130) return `The ${action} was interrupted in its terminal. Run it again.`;
  return `The ${action} ended with exit code ${code}; the lines in its terminal say why.`;
}

const never = new AbortController().signal;

/** Runs the tasks of pulled images for commands: one at a time for each folder, and awaited. */
export class ImageTasks {
  readonly #services: Services;
  readonly #folders = new KeyedMutex();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Runs to the end. @throws {TaskFailedError} and what {@link taskFor} throws */
  async run(action: TaskAction, image: ImageOnDisk, options: TaskOptions = {}): Promise<void> {
    const code = await this.#folders.run(image.folder, never, async () =>
      runTask(await taskFor(action, image, this.#services, options)),
    );
    this.#services.images.refresh();
    if (code !== 0) throw new TaskFailedError(action, image.folder, code);
  }
}
