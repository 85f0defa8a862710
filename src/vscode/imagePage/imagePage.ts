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
import type { PageMemory } from '../page/pageMemory.ts';
import type { ContentNeeds } from './layerContents.ts';
import { plainText } from '../common/text.ts';
import type { Analysis } from '../../insight/analysis.ts';
import { commandLink } from '../page/commandLink.ts';
import type { Html } from '../page/html.ts';
import { imageHtml, type PageAction } from './imageHtml.ts';
import type { PageSubject } from '../page/pageMemory.ts';
import { fillPanel, openPanel } from '../page/panels.ts';

const ACTIONS = [
  ['Pull Image…', COMMANDS.pullImage],
  ['Analyze Files', COMMANDS.analyzeImage],
  ['Show Manifest', COMMANDS.showManifest],
  ['Show Config', COMMANDS.showConfig],
  ['Copy curl Lines', COMMANDS.copyCurl],
] as const;

/** What the page about an image takes. */
export interface PageNeeds extends ImageNeeds, ContentNeeds {
  readonly pages: PageMemory;
}

/** Opens the page about an image in an editor of its own, replacing an older one about the same image. */
export async function showPage(
  image: ResolvedImage,
  { registries, pages }: PageNeeds,
  analysis?: Analysis,
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

/** Makes a page again that the window had before it was loaded anew: about the very same image, whatever its tag means now. */
export async function pageAgain({ argument, analyzed }: PageSubject, needs: PageNeeds): Promise<Html> {
  const { reference = '', platform, digest } = argument;
  const named = parseReference(reference);
  const exact = isDigest(digest) ? { ...named, digest } : named;
  const image = { ...(await needs.lookup.resolve(exact, platform, new AbortController().signal)), reference: named };
  // Nobody asked for reading layers that are in the cache no more: the page has a button for it.
  const known = analyzed && (await areLayersKnown(image, needs));
  const { analyze } = await import('./imageAnalysis.ts');
  const analysis = known ? await analyze(image, needs) : undefined;
  return bodyOf(imageName(named, needs.registries), image, analysis);
}

/** True when every layer was read before, and what was learned of it is kept. */
async function areLayersKnown({ layers }: ResolvedImage, { pulls }: PageNeeds): Promise<boolean> {
  const [{ layerCachePaths }, store] = await Promise.all([import('../../layerAccess/layerPass.ts'), pulls.store()]);
  const looks = layers.map(({ descriptor }) => access(layerCachePaths(store, descriptor.digest).listing));
  return (await Promise.allSettled(looks)).every(({ status }) => status === 'fulfilled');
}

function bodyOf(name: string, image: ResolvedImage, analysis: Analysis | undefined): Html {
  const place = {
    reference: formatReference({ ...image.reference, digest: image.manifestDigest }),
    platform: formatPlatform(image.platform),
  };
  // By its digest: the files are those that were read, whatever the tag names tomorrow.
  const linkTo = (path: string, layer: number): string =>
    commandLink(COMMANDS.openFile, { ...place, layer, path: shownPath(path) });
  return imageHtml(name, image, actionsOf(image), Date.now(), analysis && { ...analysis, linkTo });
}

/** VS Code puts a word of its own before the type of the page. */
function isPage({ input, label }: vscode.Tab, title: string): boolean {
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith(WEBVIEWS.imagePage) && label === title;
}

function actionsOf(image: ResolvedImage): PageAction[] {
  const argument = { reference: formatReference(image.reference), platform: formatPlatform(image.platform) };
  return ACTIONS.map(([title, command]) => ({ title, href: commandLink(command, argument) }));
}
