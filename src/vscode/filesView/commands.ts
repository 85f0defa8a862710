import * as vscode from 'vscode';
import { WrongKindError } from '../../browse/errors.ts';
import { inSlices, type Sliced } from '../../browse/formats/slices.ts';
import type { FileFacts, MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import { chooseFiles, FILES_FIELDS, type FilesNeeds } from '../command/chooseFiles.ts';
import { command } from '../command/command.ts';
import { pickFile } from '../command/pickFile.ts';
import { copyText } from '../common/copied.ts';
import { fileUri } from '../files/fileUri.ts';

const FILE_FIELDS = [...FILES_FIELDS, 'path'] as const;

/**
 * Lists the files and folders of an image, or of one layer, below `path`, each folder before its
 * contents. Paths have no leading slash. Started from the UI, shows a list and opens the chosen
 * file.
 */
export const listFiles = command(FILE_FIELDS, async (argument, needs: FilesNeeds, call) => {
  const chosen = await chooseFiles(argument, needs, call, 'List Files');
  if (!chosen) return undefined;
  const { tree } = chosen;
  const from = tree.find(argument.path ?? '');
  if (!from.isDirectory) throw new WrongKindError(from.path, from.facts.type, 'directory');
  return call.interactive ? pickFile(chosen, 'List Files') : inSlices(factsBelow(tree, from));
});

/**
 * Opens a file of an image, or of one layer, in an editor; prompts if `path` is missing. Follows
 * links.
 */
export const openFile = command(FILE_FIELDS, async (argument, needs: FilesNeeds, call) => {
  const chosen = await chooseFiles(argument, needs, call, 'Open File');
  if (!chosen) return undefined;
  if (argument.path === undefined && call.interactive) return pickFile(chosen, 'Open File');
  const node = chosen.tree.find(argument.path ?? '');
  const { type } = node.facts;
  if (type !== 'file') throw new WrongKindError(node.path, type, 'file');
  const uri = fileUri(chosen.image, node.path, chosen.layer);
  await vscode.commands.executeCommand('vscode.open', uri);
  return uri;
});

/** Finds a file by parts of its path, as Quick Open does, and opens it. Returns its Uri. */
export const findFile = command(FILES_FIELDS, async (argument, needs: FilesNeeds, call) => {
  const chosen = await chooseFiles(argument, needs, call, 'Find File in Image');
  return chosen && pickFile(chosen, 'Find File in Image');
});

/** Copies a file's path in its image, with a leading slash. */
export const copyPath = command(['path'], async ({ path = '' }) => {
  const text = `/${path.replace(/^\/+/, '')}`;
  await copyText(text);
  return text;
});

function* factsBelow(tree: MergedTree, from: MergedNode): Sliced<Omit<FileFacts, 'mtime'>[]> {
  const found: Omit<FileFacts, 'mtime'>[] = [];
  for (const node of tree.walk(from)) {
    yield;
    const { mtime: _time, ...facts } = node.facts;
    found.push(facts);
  }
  return found;
}
