import { basename } from 'node:path';
import { openPulledImage, type StoredImage } from '../../export/pulledImage.ts';
import { familiarName } from '../../oci/reference.ts';
import { fetchLayers } from '../../export/mergeImage.ts';
import type { MergeWatch } from '../../export/mergeJob.ts';
import { askReference } from '../command/ask.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import type { CommandArgument } from '../common/argument.ts';
import { defaultFolderName } from '../images/folderNames.ts';
import type { CommandServices } from '../features.ts';
import { IncompleteImageError } from '../common/errors.ts';

/** An image that is to be exported: a pulled one, or one of a registry. */
export interface ExportSource {
  /** For people. */
  readonly title: string;
  /** For files. */
  readonly name: string;
  /** Brings what is not on the disk yet. */
  open(watch: MergeWatch): Promise<StoredImage>;
}

/** The image that a command is to export; `undefined` when the user left a question. */
export async function exportSourceOf(
  argument: CommandArgument,
  services: CommandServices,
): Promise<ExportSource | undefined> {
  if (argument.folder !== undefined) {
    const { image } = await services.images.read(argument.folder);
    if (!image.complete) throw new IncompleteImageError(image);
    const name = basename(image.folder);
    return { title: name, name, open: ({ signal }) => openPulledImage(image, signal) };
  }
  const reference = await askReference(argument, 'Export Image');
  const image = reference && (await choosePlatformFor(reference, argument.platform, services, 'Export Image'));
  if (!image) return undefined;
  const { pulls, registries } = services;
  return {
    title: familiarName(reference),
    name: defaultFolderName(reference),
    open: async watch => {
      const origin = await registries.originOf(reference.registry);
      return { image, files: await pulls.use(puller => fetchLayers(puller, image, origin, watch)) };
    },
  };
}
