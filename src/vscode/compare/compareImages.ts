import { command } from '../command/command.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { askPlatform } from '../command/ask.ts';
import { chooseFiles, FILES_FIELDS, type FilesArgument } from '../command/chooseFiles.ts';
import { chooseImage } from '../command/chooseImage.ts';
import { pickReference } from '../command/pickReference.ts';
import { imageName } from '../registries/imageName.ts';
import { type ComparisonNeeds, showComparison } from './comparisonPage.ts';
import { withNotification } from '../common/progress.ts';
import type { Call } from '../command/command.ts';

const TITLE = 'Compare Images';

/**
 * Compares two tags, platforms or images file by file, and shows what was added, removed and
 * changed. Prompts for what the argument lacks before it reads anything.
 */
export const compareImages = command(
  [...FILES_FIELDS, 'left', 'right'],
  async (argument, needs: ComparisonNeeds, call) => {
    const given: FilesArgument = argument.left ?? argument;
    const image = await chooseImage(given, needs, call, TITLE);
    const other = image && (argument.right ?? (await askOther(image, given, needs, call)));
    if (!other) return undefined;
    const platform =
      image.digest === image.manifestDigest ? {} : { platform: given.platform ?? formatPlatform(image.platform) };
    const { folder: _folder, ...named } = given;
    const left = await chooseFiles(
      { ...named, reference: formatReference(image.reference), ...platform },
      needs,
      call,
      TITLE,
    );
    const right = left && (await chooseFiles(other, needs, call, TITLE));
    return left && right && showComparison(left, right, needs);
  },
);

/** Prompts for the second image. Without a UI, the next step reports that it is missing. */
async function askOther(
  { reference, platform }: ResolvedImage,
  given: FilesArgument,
  needs: ComparisonNeeds,
  call: Call,
): Promise<FilesArgument | undefined> {
  if (!call.interactive) return {};
  const { lookup, registries } = needs;
  // Compare a pulled image with its registry's.
  const near = given.folder !== undefined && given.reference ? parseReference(given.reference) : reference;
  const value = formatReference({ ...near, tag: near.tag ?? 'latest' }).replace(/@.*$/, '');
  const placeholder = `The image to compare ${imageName(reference, registries)} ${formatPlatform(platform)} with`;
  const text = await pickReference({ title: TITLE, placeholder, value }, needs);
  if (text === undefined) return undefined;
  const other = parseReference(text);
  const named = { reference: formatReference(other) };
  // The same reference means another platform of the image.
  if (named.reference !== formatReference(reference)) return { ...named, platform: formatPlatform(platform) };
  const { manifest } = await withNotification(`${TITLE}: asking the registry…`, signal => lookup.open(other, signal));
  if (manifest.kind !== 'index') return named;
  const entries = await lookup.platforms(other, manifest);
  const chosen = await askPlatform(
    entries.map(entry => entry.platform),
    TITLE,
  );
  return chosen === undefined ? undefined : { ...named, platform: chosen };
}
