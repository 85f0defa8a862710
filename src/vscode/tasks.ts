import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { Plan } from '../overlay/plan.ts';
import { TASK_TYPE } from './ids.ts';
import type { ImageOnDisk } from './images.ts';
import type { Services } from './services.ts';
import { InvalidTaskError, readTask, type ImageTask, type TaskAction } from './taskDefinition.ts';

/** Offers the tasks of type `peel`: for `tasks.json`, for "Run Task…", and for the commands. */
export function registerTasks(services: Services): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(TASK_TYPE, {
    provideTasks: () => provideTasks(services),
    resolveTask: task => resolveTask(task, services),
  });
}

/** A workspace that is not trusted may name any folder and any image: no command line is made for it. */
export class UntrustedWorkspaceError extends Error {
  constructor() {
    super('This workspace is not trusted, so Peel runs no command in a terminal for it. Trust the workspace first.');
    this.name = 'UntrustedWorkspaceError';
  }
}

/** The task that does something with a pulled image. @throws {UntrustedWorkspaceError} and what the plan throws */
export async function taskFor(action: TaskAction, image: ImageOnDisk, services: Services): Promise<vscode.Task> {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  const { planTask } = await import('./taskPlan.ts');
  return task(
    { action, image: image.folder },
    vscode.TaskScope.Workspace,
    await planTask(action, image, services.settings()),
  );
}

async function provideTasks(services: Services): Promise<vscode.Task[]> {
  if (!vscode.workspace.isTrusted) return [];
  const images = await services.images.list();
  const wanted = images.flatMap(image => actionsOf(image).map(action => ({ image, action })));
  // One image that no plan can be made for must not hide the others.
  const made = await Promise.allSettled(wanted.map(({ image, action }) => taskFor(action, image, services)));
  return made.filter(result => result.status === 'fulfilled').map(result => result.value);
}

function actionsOf({ mount }: ImageOnDisk): readonly TaskAction[] {
  return mount.mounted ? ['unmount', 'shell'] : ['mount'];
}

async function resolveTask(given: vscode.Task, services: Services): Promise<vscode.Task> {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  const { action, image: folder } = readTask(given.definition);
  const image = await services.images.read(absolute(folder, given.scope));
  const { planTask } = await import('./taskPlan.ts');
  const plan = await planTask(action, image, services.settings());
  // VS Code takes the answer only when the definition is the very one that it asked about.
  return task(given.definition, given.scope ?? vscode.TaskScope.Workspace, plan);
}

function absolute(folder: string, scope: vscode.Task['scope']): string {
  if (isAbsolute(folder)) return folder;
  const chosen = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
  if (chosen?.uri.scheme !== 'file')
    throw new InvalidTaskError('image', 'an absolute folder, for no workspace folder is open');
  return join(chosen.uri.fsPath, folder);
}

function task(
  definition: vscode.TaskDefinition | ImageTask,
  scope: NonNullable<vscode.Task['scope']>,
  plan: Plan,
): vscode.Task {
  // A process, not a shell: the plan is quoted already, and no setting of the workspace chooses what reads it.
  const execution = new vscode.ProcessExecution(plan.shell, [...plan.args], { cwd: plan.cwd, env: { ...plan.env } });
  const made = new vscode.Task({ ...definition, type: TASK_TYPE }, scope, plan.title, 'Peel', execution, []);
  made.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: true,
    echo: false,
    panel: vscode.TaskPanelKind.Shared,
    clear: false,
  };
  return made;
}
