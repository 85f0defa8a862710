import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { CommandArgument } from '../common/argument.ts';
import { withNotification } from '../common/progress.ts';
import type { ImageFiles } from '../files/imageFiles.ts';
import { imageName } from '../registries/imageName.ts';
import { chooseImage, IMAGE_FIELDS, type ImageArgument, type ImageNeeds } from './chooseImage.ts';
import type { Call } from './command.ts';
import { imageInView } from './imageInView.ts';

/** The fields that name an image's files, or those of one layer. */
export const FILES_FIELDS = [...IMAGE_FIELDS, 'layer'] as const;
export type FilesArgument = Pick<CommandArgument, (typeof FILES_FIELDS)[number]>;

/** What opening an image's files takes. */
export interface FilesNeeds extends ImageNeeds {
  readonly files: ImageFiles;
}

/** The files that a command is about. */
export interface ChosenFiles {
  readonly image: ResolvedImage;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  readonly tree: MergedTree;
}

/**
 * Finds the image that a command on files is about: the named one, else one the user is looking at,
 * else prompted for. `undefined` when the user dismisses a prompt.
 */
export async function chooseShownImage(
  argument: ImageArgument,
  needs: ImageNeeds,
  call: Call,
  title: string,
): Promise<ResolvedImage | undefined> {
  const named = argument.reference !== undefined || argument.folder !== undefined || !call.interactive;
  const wanted = named ? argument : await imageInView(title);
  return wanted && chooseImage({ ...argument, ...wanted }, needs, call, title);
}

/**
 * Opens an image's files, or those of the layer that the argument names. Prompts for what the
 * argument lacks; `undefined` when the user dismisses a prompt. @throws {LayerNotFoundError}
 */
export async function chooseFiles(
  argument: FilesArgument,
  needs: FilesNeeds,
  call: Call,
  title: string,
): Promise<ChosenFiles | undefined> {
  const image = await chooseShownImage(argument, needs, call, title);
  if (!image) return undefined;
  const layer = argument.layer === undefined ? undefined : findLayer(image, argument.layer);
  const tree = await withNotification(
    `Reading the layers of ${imageName(image.reference, needs.registries)}`,
    signal => (layer ? needs.files.layer(image, layer, signal) : needs.files.tree(image, signal)),
  );
  return { image, tree, ...(layer ? { layer: layer.number } : {}) };
}
