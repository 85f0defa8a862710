import * as vscode from 'vscode';
import { platformsOf } from '../../oci/choosePlatform.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { askPlatform } from '../command/ask.ts';
import { chooseFiles } from '../command/chooseFiles.ts';
import { chooseImage } from '../command/chooseImage.ts';
import { imageName } from '../registries/imageName.ts';
import { showComparison } from './comparisonPage.ts';
import { withNotification } from '../common/progress.ts';
import type { CommandServices } from '../features.ts';
import type { CommandArgument } from '../common/argument.ts';
import type { RunCommand } from '../commandTable.ts';

const TITLE = 'Compare Images';

/** Compares two tags, platforms or images file by file, and shows what came, went and changed. A person is asked for what is not named before anything is read. */
export const compareImages: RunCommand = async (argument, services) => {
  const given = argument.left ?? argument;
  const image = await chooseImage(given, services, TITLE);
  const other = image && (argument.right ?? (await askOther(image, given, services)));
  if (!other) return undefined;
  const platform =
    image.digest === image.manifestDigest ? {} : { platform: given.platform ?? formatPlatform(image.platform) };
  const { folder: _folder, ...named } = given;
  const left = await chooseFiles(
    { ...named, reference: formatReference(image.reference), ...platform },
    services,
    TITLE,
  );
  const right = left && (await chooseFiles(other, services, TITLE));
  return left && right && showComparison(left, right, services);
};

/** The second image; a program that named none is told by the next question. */
async function askOther(
  { reference, platform }: ResolvedImage,
  given: CommandArgument,
  { interactive, lookup, registries }: CommandServices,
): Promise<CommandArgument | undefined> {
  if (!interactive) return {};
  // A pulled image is compared with what its registry has.
  const near = given.folder !== undefined && given.reference ? parseReference(given.reference) : reference;
  const value = formatReference({ ...near, tag: near.tag ?? 'latest' }).replace(/@.*$/, '');
  const text = await vscode.window.showInputBox({
    title: TITLE,
    prompt: `The image to compare ${imageName(reference, registries)} ${formatPlatform(platform)} with`,
    value,
    valueSelection: [value.lastIndexOf(':') + 1, value.length],
    ignoreFocusOut: true,
  });
  if (text === undefined) return undefined;
  const other = parseReference(text);
  const named = { reference: formatReference(other) };
  // The same image again: another platform of it is meant.
  if (named.reference !== formatReference(reference)) return { ...named, platform: formatPlatform(platform) };
  const { manifest } = await withNotification(`${TITLE}: asking the registry…`, signal => lookup.open(other, signal));
  if (manifest.kind !== 'index') return named;
  const chosen = await askPlatform(
    platformsOf(manifest).map(entry => entry.platform),
    TITLE,
  );
  return chosen === undefined ? undefined : { ...named, platform: chosen };
}
