import { command } from '../command/command.ts';
import * as vscode from 'vscode';
import { chooseFiles, type ChosenFiles, FILES_FIELDS, type FilesArgument } from '../command/chooseFiles.ts';
import { showComparison, type ComparisonNeeds } from './comparisonPage.ts';
import { instructionOf } from '../tree/createdBy.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { InvalidArgumentError } from '../common/argument.ts';

const TITLE = 'Compare Layers';

/**
 * Compares two layers, of one image or of two, each by itself. Prompts for what the argument lacks
 * when started from the UI.
 */
export const compareLayers = command(
  [...FILES_FIELDS, 'left', 'right'],
  async (argument, needs: ComparisonNeeds, call) => {
    const given: FilesArgument = argument.left ?? argument;
    if (!call.interactive && (given.layer === undefined || argument.right?.layer === undefined))
      throw new InvalidArgumentError('layer', "a layer's number (1 is the base) or digest on both sides");
    const left = given.layer === undefined ? await askLayer(given) : await chooseFiles(given, needs, call, TITLE);
    const right =
      left && (argument.right ? await chooseFiles(argument.right, needs, call, TITLE) : await askLayer(given, left));
    return left && right && showComparison(left, right, needs);

    /** Prompts for a layer, other than `but`'s, of the same image. */
    async function askLayer(of: FilesArgument, but?: ChosenFiles): Promise<ChosenFiles | undefined> {
      const { layer: _layer, ...whole } = of;
      const image = but?.image ?? (await chooseFiles(whole, needs, call, TITLE))?.image;
      const items = image?.layers
        .filter(({ number }) => number !== but?.layer)
        .map(({ number, descriptor, createdBy }) => ({
          label: `Layer ${number}`,
          description: dotted(formatBytes(descriptor.size), plainText(instructionOf(createdBy ?? ''))),
          number,
        }));
      const placeHolder = but ? `The layer to compare layer ${but.layer ?? ''} with` : 'The first layer';
      const picked = items && (await vscode.window.showQuickPick(items, { title: TITLE, placeHolder }));
      return picked && chooseFiles({ ...whole, layer: picked.number }, needs, call, TITLE);
    }
  },
);
