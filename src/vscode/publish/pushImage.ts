import { basename } from 'node:path';
import * as vscode from 'vscode';
import { isDigest } from '../../oci/digest.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import { NoImageFolderError } from '../../pull/folderErrors.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';
import { SeveralImagesError } from '../command/chooseImage.ts';
import { command, type Call } from '../command/command.ts';
import { IncompleteImageError } from '../common/errors.ts';
import { withArchive } from '../common/progress.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import { askTarget, parseTarget } from './askTarget.ts';
import { publishTo, type PublishSource } from './publishTo.ts';
import { requireTrust, type WriteNeeds } from './writing.ts';

const TITLE = 'Push Image';

/**
 * Pushes the image of a pulled folder, an OCI layout or an archive to a registry, byte for byte,
 * with all the platforms that are there.
 */
export const pushImage = command(['folder', 'reference'], async (argument, needs: WriteNeeds, call) => {
  requireTrust();
  const path = argument.folder === undefined ? await askSource(needs.images) : absolutePath(argument.folder);
  if (path === undefined) return undefined;
  const pulled = await readPulled(path, needs.images);
  const given = argument.reference;
  // A row's reference is the one that it was pulled from.
  const target =
    call.interactive || given === undefined
      ? await askTarget(TITLE, pulled?.reference.replace(/@.*/, '') ?? given ?? '')
      : parseTarget(given);
  if (!target) return undefined;
  const source = await sourceIn(path, pulled, target, needs, call);
  return source && publishTo(source, target, 'Push', needs, call);
});

async function readPulled(path: string, images: PulledImages): Promise<ImageFolder | undefined> {
  try {
    const { image } = await images.read(path);
    if (!image.complete) throw new IncompleteImageError(image);
    return image;
  } catch (error) {
    // Other layouts and archives are fine too.
    if (error instanceof NoImageFolderError) return undefined;
    throw error;
  }
}

/** Opens the image. If there are several, the one with the target's tag is meant, else prompts. */
async function sourceIn(
  path: string,
  pulled: ImageFolder | undefined,
  target: Reference,
  { registries }: WriteNeeds,
  { interactive }: Call,
): Promise<PublishSource | undefined> {
  const { registry, repository, tags } = await withArchive(`Opening ${basename(path)}`, watch =>
    registries.findLocal(path, watch),
  );
  const wanted = tags.length === 1 ? tags[0] : tags.find(tag => tag === target.tag);
  if (wanted === undefined && !interactive) throw new SeveralImagesError(path, tags);
  const placeHolder = `Image in ${basename(path)}`;
  const version = wanted ?? (await vscode.window.showQuickPick([...tags], { title: TITLE, placeHolder }));
  if (version === undefined) return undefined;
  return {
    source: await registries.clientFor(registry),
    repository,
    version,
    title: basename(path),
    attached: false,
    origin: pulled && originOf(pulled),
    notes: [],
    ...(pulled && isDigest(pulled.digest) ? { knownDigest: pulled.digest } : {}),
  };
}

/** Where an image was pulled from. Its description is a file that may contain anything. */
function originOf({ reference }: ImageFolder): Reference | undefined {
  try {
    return parseReference(reference);
  } catch {
    return undefined;
  }
}

async function askSource(images: PulledImages): Promise<string | undefined> {
  const found = await images.list();
  const other: vscode.QuickPickItem = {
    label: '$(folder-opened) Folder or Archive…',
    description: 'OCI layout, OCI archive, docker save',
  };
  const items = found
    .filter(({ image }) => image.complete)
    .map(({ folder, image }): vscode.QuickPickItem => ({
      label: basename(folder),
      description: `${image.reference} · ${image.platform}`,
      detail: folder,
    }));
  const picked =
    items.length === 0
      ? other
      : await vscode.window.showQuickPick([...items, other], { title: TITLE, placeHolder: 'Image to push' });
  if (!picked) return undefined;
  if (picked !== other) return picked.detail;
  const chosen = await vscode.window.showOpenDialog({
    title: TITLE,
    openLabel: 'Push',
    canSelectFiles: true,
    canSelectFolders: true,
  });
  return chosen?.[0]?.fsPath;
}
