import * as vscode from 'vscode';
import { KeyedMutex } from '../../blobs/keyedMutex.ts';
import type { Logger } from '../../oci/logger.ts';
import type { Plan } from '../../overlay/plan.ts';
import { UntrustedWorkspaceError } from '../common/errors.ts';
import { TASK_TYPE } from '../common/ids.ts';
import type { ImageOnDisk, PulledImages } from '../images/pulledImages.ts';
import type { Settings } from '../settings/settings.ts';
import { runTask } from './runTask.ts';
import type { TaskAction } from './taskDefinition.ts';
import type { PlanOptions } from './taskPlan.ts';
import { taskFor, terminalTask } from './tasks.ts';

const never = new AbortController().signal;

/** Runs a pulled image's tasks in the terminal: one at a time per folder. */
export class ImageTasks {
  readonly #images: PulledImages;
  readonly #settings: () => Settings;
  readonly #log: Logger;
  readonly #folders = new KeyedMutex();
  #started = 0;

  constructor(images: PulledImages, settings: () => Settings, log: Logger) {
    this.#images = images;
    this.#settings = settings;
    this.#log = log;
  }

  /**
   * Runs a task and waits for its end.
   * @throws {TaskFailedError} {@link UntrustedWorkspaceError} and what the plan throws
   */
  async run(action: TaskAction, image: ImageOnDisk, options?: PlanOptions): Promise<void> {
    await this.#run(action, image.folder, () => taskFor(action, image, this.#settings(), this.#log, options));
  }

  /**
   * Runs a plan that isn't an action of `tasks.json`, and waits for its end. `noun` names it in
   * messages.
   */
  async runPlan(noun: string, folder: string, plan: Plan): Promise<void> {
    await this.#run(noun, folder, async () => planned(noun, folder, plan));
  }

  /** Starts a plan whose terminal the user works in, without waiting for its end. */
  async startPlan(noun: string, folder: string, plan: Plan): Promise<void> {
    await vscode.tasks.executeTask(planned(noun, folder, plan));
  }

  /** Starts a task whose terminal the user works in, without waiting for its end. */
  async start(action: TaskAction, image: ImageOnDisk): Promise<void> {
    // VS Code doesn't run the same task twice at once, and compares tasks by definition: the number
    // allows several shells.
    await vscode.tasks.executeTask(
      await taskFor(action, image, this.#settings(), this.#log, { terminal: ++this.#started }),
    );
  }

  async #run(noun: string, folder: string, make: () => Promise<vscode.Task>): Promise<void> {
    const code = await this.#folders.exclusively(folder, never, async () => runTask(await make()));
    this.#images.refresh();
    if (code === 0) return;
    const { taskFailed } = await import('./taskFailure.ts');
    throw taskFailed(noun, folder, code);
  }
}

function planned(noun: string, folder: string, plan: Plan): vscode.Task {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  return terminalTask({ type: TASK_TYPE, action: noun, image: folder }, vscode.TaskScope.Workspace, plan);
}
