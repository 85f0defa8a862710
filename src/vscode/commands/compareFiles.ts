import * as vscode from 'vscode';
import { chooseFiles } from '../browsing.ts';
import { fileUri } from '../fileUri.ts';
import { InvalidArgumentError } from './argument.ts';
import type { RunCommand } from './table.ts';

/** Shows a file of one image, or layer, beside that of another in the editor for differences. */
export const compareFiles: RunCommand = async ({ left, right }, services) => {
  const [first, second] = [left?.path, right?.path];
  if (!left || !right || first === undefined || second === undefined)
    throw new InvalidArgumentError('left" and "right', 'an image and a path in each');
  const before = await chooseFiles(left, services, 'Compare Files');
  const after = before && (await chooseFiles(right, services, 'Compare Files'));
  if (!after) return undefined;
  const uris = [
    fileUri(before.image, before.tree.find(first).path, before.layer),
    fileUri(after.image, after.tree.find(second).path, after.layer),
  ] as const;
  await vscode.commands.executeCommand('vscode.diff', ...uris, `${second.replace(/^.*\//, '')} (left ↔ right)`);
  return uris;
};
