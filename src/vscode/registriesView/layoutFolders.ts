import { dirname } from 'node:path';
import { commands, Disposable, workspace } from 'vscode';
import { CONTEXTS } from '../common/ids.ts';

/** Folders with many files that can't be layouts. */
const EXCLUDED = '**/{node_modules,.git,blobs,layers,merged,overlay}/**';
const MOST = 200;

/**
 * Tells VS Code which folders of the workspace are OCI layouts, so that *Open Local Image…* is in
 * the Explorer's menu of these only, and again whenever a layout appears or disappears.
 */
export async function watchLayoutFolders(): Promise<Disposable> {
  const watcher = workspace.createFileSystemWatcher('**/oci-layout', false, true, false);
  const disposable = Disposable.from(
    watcher,
    watcher.onDidCreate(findLayouts),
    watcher.onDidDelete(findLayouts),
    workspace.onDidChangeWorkspaceFolders(findLayouts),
  );
  await findLayouts();
  return disposable;
}

async function findLayouts(): Promise<void> {
  const files = await workspace.findFiles('**/oci-layout', EXCLUDED, MOST);
  const folders = files.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => dirname(fsPath));
  await commands.executeCommand('setContext', CONTEXTS.layoutFolders, folders);
}
