import { access } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isDigest } from '../../oci/digest.ts';
import { shownPath } from '../../browse/tree/shownPath.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { COMMANDS, WEBVIEWS } from '../common/ids.ts';
import { imageName } from '../registries/imageName.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { plainText } from '../common/text.ts';
import { commandLink } from '../page/parts.ts';
import type { Html } from '../page/html.ts';
import { analyze, type AnalysisNeeds } from './analyze.ts';
import type { LinkTo } from './filesHtml.ts';
import { imageHtml, type PageAction, type PageAnalysis } from './imageHtml.ts';
import type { PageMemory, PageSubject } from '../page/pageMemory.ts';
import { fillPanel, openPanel } from '../page/panels.ts';

const ACTIONS = [
  ['Pull Image…', COMMANDS.pullImage],
  ['Analyze Files', COMMANDS.analyzeImage],
  ['Show Packages', COMMANDS.listPackages],
  ['Export SBOM…', COMMANDS.exportSbom],
  ['Show Manifest', COMMANDS.showManifest],
  ['Show Config', COMMANDS.showConfig],
  ['Copy as Shell Script', COMMANDS.copyCurl],
] as const;

/** What the page about an image needs. */
export interface PageNeeds extends ImageNeeds, AnalysisNeeds {
  readonly pages: PageMemory;
}

/** Opens the page about an image in its own editor, replacing an older one. */
export async function showPage(
  image: ResolvedImage,
  { registries, pages }: PageNeeds,
  analysis?: PageAnalysis,
): Promise<void> {
  const name = imageName(image.reference, registries);
  const title = plainText(`${name} ${formatPlatform(image.platform)}`, 300);
  const older = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(tab => isPage(tab, title));
  const panel = openPanel(WEBVIEWS.imagePage, title);
  fillPanel(panel, WEBVIEWS.imagePage, bodyOf(name, image, analysis));
  await pages.keep(
    { type: WEBVIEWS.imagePage, title },
    {
      argument: {
        reference: formatReference(image.reference),
        platform: formatPlatform(image.platform),
        digest: image.manifestDigest,
      },
      analyzed: analysis !== undefined,
    },
  );
  if (older.length > 0) await vscode.window.tabGroups.close(older, true);
}

/** Restores a page after the window reloads, with the same image even if its tag has moved. */
export async function pageAgain({ argument, analyzed }: PageSubject, needs: PageNeeds): Promise<Html> {
  const { reference = '', platform, digest } = argument;
  const named = parseReference(reference);
  const exact = isDigest(digest) ? { ...named, digest } : named;
  const image = { ...(await needs.lookup.resolve(exact, platform, new AbortController().signal)), reference: named };
  // Don't download layers unasked once the cache lost them. The page has a button for it.
  const known = analyzed && (await areLayersKnown(image, needs));
  const analysis = known ? await analyze(image, needs) : undefined;
  return bodyOf(imageName(named, needs.registries), image, analysis);
}

/** Reports whether the listings of all layers are cached. */
async function areLayersKnown({ layers }: ResolvedImage, { pulls }: PageNeeds): Promise<boolean> {
  const [{ layerCachePaths }, store] = await Promise.all([import('../../layerAccess/layerPass.ts'), pulls.store()]);
  const looks = layers.map(({ descriptor }) => access(layerCachePaths(store, descriptor.digest).listing));
  return (await Promise.allSettled(looks)).every(({ status }) => status === 'fulfilled');
}

function bodyOf(name: string, image: ResolvedImage, analysis: PageAnalysis | undefined): Html {
  const place = {
    reference: formatReference({ ...image.reference, digest: image.manifestDigest }),
    platform: formatPlatform(image.platform),
  };
  // By digest, since the tag may move while the page is open.
  const linkTo: LinkTo = (path, layer) =>
    commandLink(COMMANDS.openFile, { ...place, ...(layer === undefined ? {} : { layer }), path: shownPath(path) });
  return imageHtml(name, image, actionsOf(image), Date.now(), analysis && { ...analysis, linkTo });
}

/** VS Code adds a prefix to the view type. */
function isPage({ input, label }: vscode.Tab, title: string): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith(WEBVIEWS.imagePage) && label === title;
}

function actionsOf(image: ResolvedImage): PageAction[] {
  const argument = { reference: formatReference(image.reference), platform: formatPlatform(image.platform) };
  return ACTIONS.map(([title, command]) => ({ title, href: commandLink(command, argument) }));
}
