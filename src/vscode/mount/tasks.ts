import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { Logger } from '../../oci/logger.ts';
import type { Plan } from '../../overlay/plan.ts';
import { UntrustedWorkspaceError } from '../common/errors.ts';
import { TASK_TYPE } from '../common/ids.ts';
import type { ImageOnDisk, PulledImages } from '../images/pulledImages.ts';
import type { Settings } from '../settings/settings.ts';
import { InvalidTaskError, readTask, type TaskAction } from './taskDefinition.ts';
import type { PlanOptions } from './taskPlan.ts';

/** Provides the tasks of type `peel`, for `tasks.json` and "Run Task…". */
export function registerTasks(images: PulledImages, settings: () => Settings, log: Logger): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(TASK_TYPE, {
    provideTasks: () => provideTasks(images, settings, log),
    resolveTask: given => resolveTask(given, images, settings, log),
  });
}

/**
 * Returns the task for an action on a pulled image. @throws {UntrustedWorkspaceError} and what the
 * plan throws
 */
export async function taskFor(
  action: TaskAction,
  { image }: ImageOnDisk,
  settings: Settings,
  log: Logger,
  options?: PlanOptions,
): Promise<vscode.Task> {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  const { planTask } = await import('./taskPlan.ts');
  const plan = await planTask(action, image, settings, log, options);
  return terminalTask(
    {
      type: TASK_TYPE,
      action,
      image: image.folder,
      ...(options?.terminal === undefined ? {} : { terminal: options.terminal }),
    },
    vscode.TaskScope.Workspace,
    plan,
  );
}

async function provideTasks(images: PulledImages, settings: () => Settings, log: Logger): Promise<vscode.Task[]> {
  if (!vscode.workspace.isTrusted) return [];
  const pulled = await images.list();
  const wanted = pulled.flatMap(image => actionsOf(image).map(action => taskFor(action, image, settings(), log)));
  // An image without a valid plan must not hide the others.
  const made = await Promise.allSettled(wanted);
  return made.filter(result => result.status === 'fulfilled').map(result => result.value);
}

function actionsOf({ mount }: ImageOnDisk): readonly TaskAction[] {
  return mount.mounted ? ['unmount', 'shell'] : ['mount'];
}

async function resolveTask(
  given: vscode.Task,
  images: PulledImages,
  settings: () => Settings,
  log: Logger,
): Promise<vscode.Task> {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  const { action, image: folder } = readTask(given.definition);
  const { image } = await images.read(absolute(folder, given.scope));
  const { planTask } = await import('./taskPlan.ts');
  const plan = await planTask(action, image, settings(), log);
  // VS Code accepts the answer only with the very definition object that it passed in.
  return terminalTask(given.definition, given.scope ?? vscode.TaskScope.Workspace, plan);
}

/**
 * Resolves the folder in a definition, since VS Code substitutes no variables before it asks a
 * provider.
 */
function absolute(written: string, scope: vscode.Task['scope']): string {
  const chosen = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
  const base = chosen?.uri.scheme === 'file' ? chosen.uri.fsPath : undefined;
  const folder = base === undefined ? written : written.replaceAll('${workspaceFolder}', () => base);
  if (isAbsolute(folder)) return folder;
  if (base === undefined) throw new InvalidTaskError('image', 'an absolute path, because no workspace folder is open');
  return join(base, folder);
}

/**
 * Makes a task that runs a process, not a shell: the plan is already quoted, and no workspace
 * setting can choose its shell.
 */
export function terminalTask(
  definition: vscode.TaskDefinition,
  scope: NonNullable<vscode.Task['scope']>,
  { title, shell, args, cwd, env }: Plan,
): vscode.Task {
  const execution = new vscode.ProcessExecution(shell, [...args], { cwd, env: { ...env } });
  const task = new vscode.Task(definition, scope, title, 'Peel', execution, []);
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: true,
    // The script prints its own steps; echoing the whole of it on one line would bury them.
    echo: false,
    panel: vscode.TaskPanelKind.Dedicated,
    clear: false,
    showReuseMessage: false,
  };
  return task;
}
