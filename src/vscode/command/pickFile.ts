import { posix } from 'node:path';
import * as vscode from 'vscode';
import { inSlices, type Sliced } from '../../browse/formats/slices.ts';
import { FuzzyPaths } from '../../browse/tree/fuzzy.ts';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import { plainText } from '../common/text.ts';
import { fileUri } from '../files/fileUri.ts';
import type { ChosenFiles } from './chooseFiles.ts';

/** More rows than a user scrolls through; typing narrows them. */
const SHOWN = 200;

/**
 * Prompts for a file and opens it in an editor. Returns its Uri; `undefined` if the user dismisses
 * the prompt.
 */
export async function pickFile({ image, layer, tree }: ChosenFiles, title: string): Promise<vscode.Uri | undefined> {
  const path = await chooseFile(tree, title);
  if (path === undefined) return undefined;
  const uri = fileUri(image, tree.find(path).path, layer);
  await vscode.commands.executeCommand('vscode.open', uri);
  return uri;
}

/** Prompts for a path in the image, matched by parts of it. */
export async function chooseFile(tree: MergedTree, title: string): Promise<string | undefined> {
  const paths = new FuzzyPaths(await inSlices(filePaths(tree)));
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly path: string }>();
  pick.title = title;
  pick.placeholder = 'Type parts of a file’s path';
  const show = (text: string): void => {
    // Already filtered here, because VS Code is too slow for a hundred thousand rows.
    pick.items = paths.find(text, SHOWN).map(path => ({
      label: plainText(posix.basename(path), 255),
      description: plainText(posix.dirname(path), 255),
      path,
      alwaysShow: true,
    }));
  };
  show('');
  pick.onDidChangeValue(show);
  return new Promise(resolve => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]?.path);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** Files, and links to files. */
function* filePaths(tree: MergedTree): Sliced<string[]> {
  const paths: string[] = [];
  for (const node of tree.walk()) {
    yield;
    if (node.isDirectory) continue;
    const type = node.contentEntry?.type;
    if (type === 'file' || (type === 'symlink' && tree.tryFind(node.path)?.contentEntry?.type === 'file'))
      paths.push(node.path);
  }
  return paths;
}
