import * as vscode from 'vscode';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Layer } from '../../oci/layer.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import { findLayer, type OneLayer, type OneLayerOptions } from '../../pull/oneLayer.ts';
import { NotAnImageError } from '../../resolve/resolveImage.ts';
import type { LayerWork } from '../../workers/layerWork.ts';
import { askReference } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import type { Call } from '../command/command.ts';
import type { CommandArgument } from '../common/argument.ts';
import { withNotification, withTransfer } from '../common/progress.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { titleOf } from '../images/names.ts';
import type { Pulls } from '../images/pulls.ts';
import { instructionOf } from '../tree/createdBy.ts';

/** What work on a single layer takes. */
export interface LayerWorkNeeds extends ImageNeeds {
  readonly pulls: Pulls;
}

/** The layer that a command is about, and its image. */
export interface ChosenLayer {
  readonly reference: Reference;
  readonly image: Layered;
  readonly layer: Layer;
}

/** An image, or an artifact whose files take the place of layers. */
interface Layered extends Pick<ResolvedImage, 'reference' | 'layers'> {
  readonly artifact: boolean;
}

/**
 * Finds the layer, prompting for what the argument lacks; `undefined` when the user dismisses a
 * prompt.
 * @throws {LayerNotFoundError}
 */
export async function chooseLayer(
  argument: Pick<CommandArgument, 'reference' | 'platform' | 'layer'>,
  needs: LayerWorkNeeds,
  call: Call,
  title: string,
): Promise<ChosenLayer | undefined> {
  const reference = await askReference(argument, needs, title);
  if (!reference) return undefined;
  const image = await layeredOf(reference, argument.platform, needs, call, title);
  if (!image) return undefined;
  const wanted = argument.layer ?? (await askLayer(image, title));
  return wanted === undefined ? undefined : { reference, image, layer: findLayer(image, wanted) };
}

async function layeredOf(
  reference: Reference,
  platform: string | undefined,
  { lookup }: LayerWorkNeeds,
  call: Call,
  title: string,
): Promise<Layered | undefined> {
  try {
    const image = await choosePlatformFor(reference, platform, lookup, call, title);
    return image && { reference: image.reference, layers: image.layers, artifact: false };
  } catch (error) {
    if (!(error instanceof NotAnImageError)) throw error;
    const { manifest } = await withNotification(`${title}: asking the registry…`, signal =>
      lookup.open(reference, signal),
    );
    // An artifact for one of several platforms is named by its own reference only.
    if (manifest.kind !== 'image') throw error;
    const layers = manifest.layers.map((descriptor, at) => ({ number: at + 1, descriptor }));
    return { reference, layers, artifact: true };
  }
}

/** Downloads with progress; `work` is one of the functions of `src/pull` for a single layer. */
export function transferLayer(
  { reference, image, layer }: ChosenLayer,
  { pulls, registries }: LayerWorkNeeds,
  work: (layerWork: LayerWork, options: OneLayerOptions) => Promise<OneLayer>,
): Thenable<OneLayer> {
  return withTransfer(
    `${image.artifact ? 'File' : 'Layer'} ${layer.number} of ${familiarName(reference)}`,
    async (signal, report) => {
      const origin = await registries.originOf(reference.registry);
      const total = Math.max(0, layer.descriptor.size);
      const onProgress: OneLayerOptions['onProgress'] = ({ read, downloaded }) =>
        report({ done: read, downloaded, total, layersDone: 0, layers: 0 });
      return pulls.use(layerWork => work(layerWork, { image, origin, layer: layer.number, onProgress, signal }));
    },
  );
}

async function askLayer({ layers, artifact }: Layered, title: string): Promise<number | undefined> {
  const items = layers.map(({ number, descriptor, createdBy }) => ({
    label: artifact ? plainText(titleOf(descriptor) ?? '', 120) || `File ${number}` : `Layer ${number}`,
    description: dotted(descriptor.size >= 0 && formatBytes(descriptor.size), descriptor.digest.slice(0, 19)),
    detail: plainText(instructionOf(createdBy ?? '')),
    number,
  }));
  return (
    await vscode.window.showQuickPick(items, {
      title,
      placeHolder: artifact ? 'File' : 'Layer (1 is the base)',
      matchOnDetail: true,
    })
  )?.number;
}
