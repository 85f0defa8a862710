import * as vscode from 'vscode';

/**
 * Runs a task in the terminal and waits for its end.
 * @returns the exit code; `undefined` if the process never started or its terminal was closed
 */
export async function runTask(task: vscode.Task): Promise<number | undefined> {
  let execution: vscode.TaskExecution | undefined;
  const ended = Promise.withResolvers<number | undefined>();
  // Subscribed before the start, because a short task may end while its start is still being
  // reported.
  const early: { execution: vscode.TaskExecution; code: number | undefined }[] = [];
  const hear = (heard: vscode.TaskExecution, code: number | undefined): void => {
    if (execution === undefined) early.push({ execution: heard, code });
    else if (heard === execution) ended.resolve(code);
  };
  const subscriptions = vscode.Disposable.from(
    vscode.tasks.onDidEndTaskProcess(event => hear(event.execution, event.exitCode)),
    // Always the last event; the only one for a task without a process.
    vscode.tasks.onDidEndTask(event => hear(event.execution, undefined)),
  );
  try {
    execution = await vscode.tasks.executeTask(task);
    for (const event of early) hear(event.execution, event.code);
    return await ended.promise;
  } finally {
    subscriptions.dispose();
  }
}
