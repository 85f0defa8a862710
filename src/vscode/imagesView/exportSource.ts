import { basename } from 'node:path';
import { fetchLayers, layerFilesOf, type LayerFile } from '../../export/mergeImage.ts';
import { openPulledImage, type StoredImage } from '../../export/pulledImage.ts';
import { familiarName } from '../../oci/reference.ts';
import type { TransferWatch } from '../../workers/readLayers.ts';
import { askReference } from '../command/ask.ts';
import type { ImageArgument, ImageNeeds } from '../command/chooseImage.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import type { Call } from '../command/command.ts';
import { IncompleteImageError } from '../common/errors.ts';
import { defaultFolderName } from '../images/names.ts';
import type { Pulls } from '../images/pulls.ts';

/** What reading an image to export takes. */
export interface ExportSourceNeeds extends ImageNeeds {
  readonly pulls: Pulls;
}

/** An image to write in another form: a pulled one, or one in a registry. */
export interface ExportSource {
  /** For messages. */
  readonly title: string;
  /** For file names. */
  readonly name: string;
  /** Returns the image and its layers' files, and downloads what isn't on disk yet. */
  open(watch: TransferWatch): Promise<StoredImage>;
  /** Like {@link open}, for callers that need the layers only. */
  files(watch: TransferWatch): Promise<readonly LayerFile[]>;
}

/** Finds the image to export; `undefined` when the user dismisses a prompt. */
export async function exportSourceOf(
  argument: ImageArgument,
  needs: ExportSourceNeeds,
  call: Call,
  title: string,
): Promise<ExportSource | undefined> {
  if (argument.folder !== undefined) {
    const { image } = await needs.images.read(argument.folder);
    if (!image.complete) throw new IncompleteImageError(image);
    const name = basename(image.folder);
    const open: ExportSource['open'] = ({ signal }) => openPulledImage(image, signal);
    return { title: name, name, open, files: async () => layerFilesOf(image) };
  }
  const reference = await askReference(argument, needs, title);
  const image = reference && (await choosePlatformFor(reference, argument.platform, needs.lookup, call, title));
  if (!image) return undefined;
  const { pulls, registries } = needs;
  const files: ExportSource['files'] = async watch => {
    const origin = await registries.originOf(reference.registry);
    return pulls.use(layerWork => fetchLayers(layerWork, image, origin, watch));
  };
  return {
    title: familiarName(reference),
    name: defaultFolderName(reference),
    open: async watch => ({ image, files: await files(watch) }),
    files,
  };
}
