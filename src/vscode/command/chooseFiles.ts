import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { chooseImage } from './chooseImage.ts';
import type { CommandArgument } from '../common/argument.ts';
import { imageInView } from './imageInView.ts';
import { imageName } from '../registries/imageName.ts';
import { withNotification } from '../common/progress.ts';
import type { CommandServices } from '../features.ts';

/** The files that a command is about. */
export interface ChosenFiles {
  readonly image: ResolvedImage;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  readonly tree: MergedTree;
}

/** The image that a command on files is about: the one that is named, else one that the person sees, else asked for. `undefined` when the user left a question. */
export async function chooseShownImage(
  argument: CommandArgument,
  services: CommandServices,
  title: string,
): Promise<ResolvedImage | undefined> {
  const named = argument.reference !== undefined || argument.folder !== undefined || !services.interactive;
  const wanted = named ? argument : await imageInView(title);
  return wanted && chooseImage({ ...argument, ...wanted }, services, title);
}

/** Opens the image, or the one layer of it that the argument names, asking for what the argument lacks. `undefined` when the user left a question. @throws {LayerNotFoundError} */
export async function chooseFiles(
  argument: CommandArgument,
  services: CommandServices,
  title: string,
): Promise<ChosenFiles | undefined> {
  const image = await chooseShownImage(argument, services, title);
  if (!image) return undefined;
  const layer = argument.layer === undefined ? undefined : findLayer(image, argument.layer);
  const tree = await withNotification(
    `Reading the layers of ${imageName(image.reference, services.registries)}`,
    signal => (layer ? services.files.layer(image, layer, signal) : services.files.tree(image, signal)),
  );
  return { image, tree, ...(layer ? { layer: layer.number } : {}) };
}
