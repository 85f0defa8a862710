import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import { NoImageFolderError } from '../../pull/folderErrors.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { askReference } from './ask.ts';
import { choosePlatformFor } from './choosePlatform.ts';
import type { CommandArgument } from '../common/argument.ts';
import { withArchive } from '../common/progress.ts';
import type { CommandServices } from '../features.ts';
import { IncompleteImageError } from '../common/errors.ts';
import { absolutePath } from '../common/workspacePaths.ts';

/** A folder or archive holds more than one image, and nobody said which is meant. */
export class SeveralImagesError extends Error {
  readonly path: string;
  readonly tags: readonly string[];
  constructor(path: string, tags: readonly string[]) {
    super(
      `${path} holds ${tags.length} images: ${tags.slice(0, 20).join(', ')}. Open it with "Peel: Open Local Image…", and name one of them by its reference.`,
    );
    this.name = 'SeveralImagesError';
    this.path = path;
    this.tags = tags;
  }
}

/**
 * The image that a command is about: one in a pulled folder, an OCI layout or an archive on this machine, for which nobody is asked over the network; or one of a registry. What the argument lacks is
 * asked for. `undefined` when the user left a question.
 * @throws {SeveralImagesError} @throws {IncompleteImageError} and what the lookup throws
 */
export async function chooseImage(
  argument: CommandArgument,
  services: CommandServices,
  title: string,
): Promise<ResolvedImage | undefined> {
  if (argument.folder !== undefined) return imageIn(absolutePath(argument.folder), argument, services, title);
  const reference = await askReference(argument, title);
  return reference && choosePlatformFor(reference, argument.platform, services, title);
}

async function imageIn(
  path: string,
  argument: CommandArgument,
  services: CommandServices,
  title: string,
): Promise<ResolvedImage | undefined> {
  const pulled = await services.images.read(path).catch((error: unknown) => {
    // Any other layout or archive will do as well.
    if (error instanceof NoImageFolderError) return undefined;
    throw error;
  });
  if (pulled?.image.complete === false) throw new IncompleteImageError(pulled.image);
  const { registry, repository, tags } = await withArchive(`Opening ${basename(path)}`, watch =>
    services.registries.findLocal(path, watch),
  );
  const tag = await oneOf(path, tags, services, title);
  if (tag === undefined) return undefined;
  const reference: Reference = { registry, repository, tag };
  // What was pulled has one platform, whatever the settings would choose.
  const platform = argument.platform ?? (pulled?.image.platform || undefined);
  return choosePlatformFor(reference, platform, services, title);
}

async function oneOf(
  path: string,
  tags: readonly string[],
  { interactive }: CommandServices,
  title: string,
): Promise<string | undefined> {
  const [first, ...others] = tags;
  if (first !== undefined && others.length === 0) return first;
  if (!interactive || first === undefined) throw new SeveralImagesError(path, tags);
  return vscode.window.showQuickPick([...tags], { title, placeHolder: `Image in ${basename(path)}` });
}
