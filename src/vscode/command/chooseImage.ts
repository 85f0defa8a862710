import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Reference } from '../../oci/reference.ts';
import { NoImageFolderError } from '../../pull/folderErrors.ts';
import type { CommandArgument } from '../common/argument.ts';
import { IncompleteImageError } from '../common/errors.ts';
import { withArchive } from '../common/progress.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';
import { askReference } from './ask.ts';
import { choosePlatformFor } from './choosePlatform.ts';
import type { Call } from './command.ts';

/** The fields that name an image. */
export const IMAGE_FIELDS = ['reference', 'platform', 'folder'] as const;
export type ImageArgument = Pick<CommandArgument, (typeof IMAGE_FIELDS)[number]>;

/** What finding an image takes. */
export interface ImageNeeds {
  readonly images: PulledImages;
  readonly lookup: ImageLookup;
  readonly registries: Registries;
}

/** A folder or archive holds several images, and the argument doesn't say which one. */
export class SeveralImagesError extends Error {
  readonly path: string;
  readonly tags: readonly string[];
  constructor(path: string, tags: readonly string[]) {
    super(
      `${path} contains ${tags.length} images: ${tags.slice(0, 20).join(', ')}. Open it with "Peel: Open Local Image…" and choose one there.`,
    );
    this.name = 'SeveralImagesError';
    this.path = path;
    this.tags = tags;
  }
}

/**
 * Finds the image that a command is about: in a pulled folder, an OCI layout or an archive on this
 * machine, without any request; or in a registry. Prompts for what the argument lacks; `undefined`
 * when the user dismisses a prompt.
 * @throws {SeveralImagesError} @throws {IncompleteImageError} and what the lookup throws
 */
export async function chooseImage(
  argument: ImageArgument,
  needs: ImageNeeds,
  call: Call,
  title: string,
): Promise<ResolvedImage | undefined> {
  if (argument.folder !== undefined) return imageIn(absolutePath(argument.folder), argument, needs, call, title);
  const reference = await askReference(argument, needs, title);
  return reference && choosePlatformFor(reference, argument.platform, needs.lookup, call, title);
}

async function imageIn(
  path: string,
  argument: ImageArgument,
  { images, lookup, registries }: ImageNeeds,
  call: Call,
  title: string,
): Promise<ResolvedImage | undefined> {
  const pulled = await images.read(path).catch((error: unknown) => {
    // Other layouts and archives are fine too.
    if (error instanceof NoImageFolderError) return undefined;
    throw error;
  });
  if (pulled?.image.complete === false) throw new IncompleteImageError(pulled.image);
  const { registry, repository, tags } = await withArchive(`Opening ${basename(path)}`, watch =>
    registries.findLocal(path, watch),
  );
  const tag = await oneOf(path, tags, call, title);
  if (tag === undefined) return undefined;
  const reference: Reference = { registry, repository, tag };
  // A pulled image has one platform, whatever the settings would choose.
  const platform = argument.platform ?? (pulled?.image.platform || undefined);
  return choosePlatformFor(reference, platform, lookup, call, title);
}

async function oneOf(
  path: string,
  tags: readonly string[],
  { interactive }: Call,
  title: string,
): Promise<string | undefined> {
  const [first, ...others] = tags;
  if (first !== undefined && others.length === 0) return first;
  if (!interactive || first === undefined) throw new SeveralImagesError(path, tags);
  return vscode.window.showQuickPick([...tags], { title, placeHolder: `Image in ${basename(path)}` });
}
