import * as vscode from 'vscode';
import { platformsOf } from '../../oci/choosePlatform.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { askPlatform } from '../ask.ts';
import { chooseFiles, type ChosenFiles } from '../browsing.ts';
import { nameOf, showComparison } from '../page/comparisonPage.ts';
import { withNotification } from '../progress.ts';
import type { CommandServices } from '../services.ts';
import type { CommandArgument } from './argument.ts';
import type { RunCommand } from './table.ts';

const TITLE = 'Compare Images';

/** Compares two tags, platforms or images file by file, and shows what came, went and changed. A person names the second one. */
export const compareImages: RunCommand = async (argument, services) => {
  const left = await chooseFiles(argument.left ?? argument, services, TITLE);
  const other = left && (argument.right ?? (await askOther(left, services)));
  const right = other && (await chooseFiles(other, services, TITLE));
  return left && right && showComparison(left, right);
};

/** A program has said what it wants to compare, or the first question asks for the rest. */
async function askOther(
  left: ChosenFiles,
  { interactive, lookup }: CommandServices,
): Promise<CommandArgument | undefined> {
  if (!interactive) return {};
  const { reference } = left.image;
  const value = formatReference({ ...reference, tag: reference.tag ?? 'latest' }).replace(/@.*$/, '');
  const text = await vscode.window.showInputBox({
    title: TITLE,
    prompt: `The image to compare ${nameOf(left)} with`,
    value,
    valueSelection: [value.lastIndexOf(':') + 1, value.length],
    ignoreFocusOut: true,
  });
  if (text === undefined) return undefined;
  const other = parseReference(text);
  const named = { reference: formatReference(other) };
  // The same image again: another platform of it is meant.
  if (named.reference !== formatReference(reference))
    return { ...named, platform: formatPlatform(left.image.platform) };
  const { manifest } = await withNotification(`${TITLE}: asking the registry…`, signal => lookup.open(other, signal));
  if (manifest.kind !== 'index') return named;
  const platform = await askPlatform(
    platformsOf(manifest).map(entry => entry.platform),
    TITLE,
  );
  return platform === undefined ? undefined : { ...named, platform };
}
