import { archiveListing } from '../../layerAccess/layerArchive.ts';
import { CancellationError } from 'vscode';
import type { ChangeNode } from '../../insight/compare/changeTree.ts';
import type { ChangedEntry } from '../../insight/compare/compareEntries.ts';
import { compareImages, type Comparison } from '../../insight/compare/compareImages.ts';
import type { ComparePorts } from '../../insight/compare/contentChecksums.ts';
import type { FileEntry } from '../../insight/layerContent.ts';
import { shownPath } from '../../browse/tree/shownPath.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { readLayers } from '../../workers/readLayers.ts';
import { chooseFiles, type ChosenFiles, type FilesNeeds } from '../command/chooseFiles.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS, WEBVIEWS } from '../common/ids.ts';
import { withDelayedTransfer } from '../common/progress.ts';
import { plainText } from '../common/text.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { PackageLists } from '../files/packageLists.ts';
import type { Pulls } from '../images/pulls.ts';
import { commandLink } from '../page/parts.ts';
import type { Html } from '../page/html.ts';
import type { PageMemory, PageSubject } from '../page/pageMemory.ts';
import { fillPanel, openPanel } from '../page/panels.ts';
import { imageName } from '../registries/imageName.ts';
import type { Registries } from '../registries/registries.ts';
import { comparisonHtml } from './comparisonHtml.ts';

/** What a comparison and its page need. */
export interface ComparisonNeeds extends FilesNeeds, LayerNeeds {
  readonly packageLists: PackageLists;
  readonly pages: PageMemory;
  readonly pulls: Pulls;
}

/** An entry as commands return it. */
type ReturnedEntry = Omit<FileEntry, 'content' | 'linkname' | 'xattrs'> & { readonly linkname?: string };

/** The result of the commands that compare. */
interface ReturnedDifference extends Pick<Comparison, 'packages'> {
  readonly added: readonly ReturnedEntry[];
  readonly removed: readonly ReturnedEntry[];
  readonly changed: readonly (ReturnedEntry & {
    readonly before: ReturnedEntry;
    readonly differs: readonly string[];
  })[];
}

/** Compares, and opens a page with the result, whose files link to the (diff) editor. */
export async function showComparison(
  left: ChosenFiles,
  right: ChosenFiles,
  needs: ComparisonNeeds,
): Promise<ReturnedDifference> {
  const { registries, pages } = needs;
  const comparison = await compare(left, right, needs);
  const names = [nameOf(left, registries), nameOf(right, registries)] as const;
  const title = plainText(names.join(' ↔ '), 600);
  const panel = openPanel(WEBVIEWS.comparison, title);
  fillPanel(panel, WEBVIEWS.comparison, bodyOf(names, comparison, left, right));
  await pages.keep(
    { type: WEBVIEWS.comparison, title },
    {
      argument: { left: { ...argumentOf(left), name: names[0] }, right: { ...argumentOf(right), name: names[1] } },
      analyzed: false,
    },
  );
  return {
    added: comparison.added.map(returned),
    removed: comparison.removed.map(returned),
    changed: comparison.changed.map(returnedChange),
    packages: comparison.packages,
  };
}

/** Restores a page after the window reloads, with the very same images. */
export async function comparisonAgain({ argument }: PageSubject, needs: ComparisonNeeds): Promise<Html> {
  const sides = [argument.left ?? {}, argument.right ?? {}] as const;
  const [left, right] = [
    await chooseFiles(sides[0], needs, { interactive: false }, 'Compare'),
    await chooseFiles(sides[1], needs, { interactive: false }, 'Compare'),
  ];
  if (!left || !right) throw new CancellationError();
  return bodyOf([sides[0].name ?? '', sides[1].name ?? ''], await compare(left, right, needs), left, right);
}

function compare(left: ChosenFiles, right: ChosenFiles, needs: ComparisonNeeds): Promise<Comparison> {
  return withDelayedTransfer('Comparing', (signal, report) => {
    const checksums: ComparePorts['checksums'] = layers =>
      needs.pulls.use(work =>
        readLayers(layers, { signal, report }, ({ image, layer }, onProgress, reading) =>
          archiveListing(work, { ...layerRequest(image, layer, needs), onProgress }, reading),
        ),
      );
    const packages: ComparePorts['packages'] = ({ image, tree, layer }, reading) =>
      needs.packageLists.of(image, tree, reading, layer);
    return compareImages(left, right, { checksums, packages }, signal);
  });
}

function bodyOf(
  [before, after]: readonly [string, string],
  comparison: Comparison,
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
  const path = shownPath(entry.path);
  if (mark === 'changed')
    return commandLink(COMMANDS.compareFiles, {
      left: { ...argumentOf(left), path },
      right: { ...argumentOf(right), path },
    });
  return commandLink(COMMANDS.openFile, { ...argumentOf(mark === 'removed' ? left : right), path });
}

/** Names an image by digest, since its tag may move while the page is open. */
function argumentOf({ image, layer }: ChosenFiles): CommandArgument {
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const platform = formatPlatform(image.platform);
  return { reference, platform, ...(layer === undefined ? {} : { layer }) };
}

function returned({ content: _content, xattrs: _xattrs, linkname, ...entry }: FileEntry): ReturnedEntry {
  return { ...entry, ...(linkname === '' ? {} : { linkname }) };
}

function returnedChange({ before, differs, ...entry }: ChangedEntry): ReturnedDifference['changed'][number] {
  return { ...returned(entry), before: returned(before), differs };
}
