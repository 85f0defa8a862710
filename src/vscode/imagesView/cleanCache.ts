import * as vscode from 'vscode';
import { formatBytes } from '../common/text.ts';
import type { RunCommand } from '../commandTable.ts';

/** Empties the cache of downloaded layers; a person is asked first, a program, which passes `{}`, is not. Pulled images have their own links and stay whole. Returns the bytes freed. */
export const cleanCache: RunCommand = async (_argument, { pulls, files, interactive }) => {
  const store = await pulls.store();
  if (interactive) {
    const size = await store.size();
    if (size === 0) {
      void vscode.window.showInformationMessage('The cache of downloaded layers is empty.');
      return 0;
    }
    const remove = 'Clean';
    const detail = 'Pulled images stay. Layers that are needed again will be downloaded again.';
    const question = `Remove ${formatBytes(size)} of downloaded layers?`;
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove)
      return undefined;
  }
  const freed = await pulls.clear();
  files.forget();
  return freed;
};
