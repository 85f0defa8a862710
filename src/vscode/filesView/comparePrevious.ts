import * as vscode from 'vscode';
import { WrongKindError } from '../../browse/errors.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import { chooseShownImage, FILES_FIELDS, type FilesNeeds } from '../command/chooseFiles.ts';
import { command } from '../command/command.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';

const TITLE = 'Compare with Previous Layer';

/**
 * Compares a layer's file with the one that it replaces, in the diff editor. Returns the two Uris.
 * @throws {FileNotFoundError} if no layer below has the file
 */
export const comparePrevious = command([...FILES_FIELDS, 'path'], async (argument, needs: FilesNeeds, call) => {
  const { layer, path, ...named } = argument;
  if (layer === undefined || path === undefined) throw new InvalidArgumentError('layer" and "path', 'both of them');
  const image = await chooseShownImage(named, needs, call, TITLE);
  if (!image) return undefined;
  const { number } = findLayer(image, layer);
  const below = await withNotification(TITLE, signal => needs.files.tree(image, signal, number - 1));
  const { facts } = below.find(path);
  if (facts.type !== 'file') throw new WrongKindError(path, facts.type, 'file');
  const left = { ...named, path, layer: facts.layer };
  return vscode.commands.executeCommand(COMMANDS.compareFiles, { left, right: { ...named, path, layer: number } });
});
