import { CancellationError } from 'vscode';
import type { ChangedEntry } from '../../insight/compare.ts';
import type { FileEntry } from '../../insight/layerContent.ts';
import { shownPath } from '../../browse/tree/shownPath.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { chooseFiles, type ChosenFiles, type FilesNeeds } from '../command/chooseFiles.ts';
import type { CommandArgument } from '../common/argument.ts';
import { compare } from './comparison.ts';
import type { ContentsNeeds } from './contentChecksums.ts';
import { COMMANDS, WEBVIEWS } from '../common/ids.ts';
import { imageName } from '../registries/imageName.ts';
import type { Registries } from '../registries/registries.ts';
import { plainText } from '../common/text.ts';
import type { ChangeNode } from './changeTree.ts';
import { commandLink } from '../page/commandLink.ts';
import { comparisonHtml } from './comparisonHtml.ts';
import type { Html } from '../page/html.ts';
import type { PageMemory, PageSubject } from '../page/pageMemory.ts';
import { fillPanel, openPanel } from '../page/panels.ts';

/** What a comparison and its page take. */
export interface ComparisonNeeds extends FilesNeeds, ContentsNeeds {
  readonly pages: PageMemory;
}

/** An entry as commands return it. */
type ToldEntry = Omit<FileEntry, 'content' | 'linkname' | 'xattrs'> & { readonly linkname?: string };

/** What commands that compare return. */
interface ToldDifference {
  readonly added: readonly ToldEntry[];
  readonly removed: readonly ToldEntry[];
  readonly changed: readonly (ToldEntry & { readonly before: ToldEntry; readonly differs: readonly string[] })[];
  readonly packages: Awaited<ReturnType<typeof compare>>['packages'];
}

/** Compares, and opens the page that tells of it. Files that changed lead to the editor for differences, others to an editor. */
export async function showComparison(
  left: ChosenFiles,
  right: ChosenFiles,
  needs: ComparisonNeeds,
): Promise<ToldDifference> {
  const { registries, pages } = needs;
  const comparison = await compare(left, right, needs);
  const names = [nameOf(left, registries), nameOf(right, registries)] as const;
  const title = plainText(names.join(' ↔ '), 600);
  const panel = openPanel(WEBVIEWS.comparison, title);
  fillPanel(panel, WEBVIEWS.comparison, bodyOf(names, comparison, left, right));
  await pages.keep(
    { type: WEBVIEWS.comparison, title },
    {
      argument: { left: { ...placeOf(left), name: names[0] }, right: { ...placeOf(right), name: names[1] } },
      analyzed: false,
    },
  );
  return {
    added: comparison.added.map(told),
    removed: comparison.removed.map(told),
    changed: comparison.changed.map(toldChange),
    packages: comparison.packages,
  };
}

/** Makes a page again that the window had before it was loaded anew: of the very same images. */
export async function comparisonAgain({ argument }: PageSubject, needs: ComparisonNeeds): Promise<Html> {
  const sides = [argument.left ?? {}, argument.right ?? {}] as const;
  const [left, right] = [
    await chooseFiles(sides[0], needs, { interactive: false }, 'Compare'),
    await chooseFiles(sides[1], needs, { interactive: false }, 'Compare'),
  ];
  if (!left || !right) throw new CancellationError();
  const comparison = await compare(left, right, needs);
  return bodyOf([sides[0].name ?? '', sides[1].name ?? ''], comparison, left, right);
}

function bodyOf(
  [before, after]: readonly [string, string],
  comparison: Awaited<ReturnType<typeof compare>>,
  left: ChosenFiles,
  right: ChosenFiles,
): Html {
  return comparisonHtml(before, after, comparison, node => linkTo(node, left, right));
}

function nameOf({ image, layer }: ChosenFiles, registries: Registries): string {
  const name = `${imageName(image.reference, registries)} ${formatPlatform(image.platform)}`;
  return layer === undefined ? name : `${name} layer ${layer}`;
}

function linkTo({ mark, entry }: ChangeNode, left: ChosenFiles, right: ChosenFiles): string | undefined {
  if (entry?.type !== 'file') return undefined;
  const { path } = entry;
  if (mark === 'changed')
    return commandLink(COMMANDS.compareFiles, {
      left: { ...placeOf(left), path: shownPath(path) },
      right: { ...placeOf(right), path: shownPath(path) },
    });
  return commandLink(COMMANDS.openFile, {
    ...placeOf(mark === 'removed' ? left : right),
    path: shownPath(path),
  });
}

function placeOf({ image, layer }: ChosenFiles): CommandArgument {
  // By its digest: the page is about what was compared, whatever the tag names tomorrow.
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const platform = formatPlatform(image.platform);
  return { reference, platform, ...(layer === undefined ? {} : { layer }) };
}

function told({ content: _content, xattrs: _xattrs, linkname, ...entry }: FileEntry): ToldEntry {
  return { ...entry, ...(linkname === '' ? {} : { linkname }) };
}

function toldChange({ before, differs, ...entry }: ChangedEntry): ToldDifference['changed'][number] {
  return { ...told(entry), before: told(before), differs };
}
