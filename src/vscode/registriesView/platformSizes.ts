import { DOCKER_HUB } from '../../oci/reference.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import type { TreeContext } from '../tree/treeNode.ts';
import type { PlatformNode } from './platformNode.ts';

/**
 * An index lacks the sizes of its images, so each manifest must be fetched. Longer lists show sizes
 * only for opened rows.
 */
const MOST = 24;
const AT_ONCE = 4;

/**
 * Fetches the manifests of platform rows in the background and shows their sizes. Not from Docker
 * Hub, which counts every manifest as a pull against a small daily allowance.
 */
export function fillSizes(
  context: TreeContext<ImageRowNeeds>,
  registry: string,
  nodes: readonly PlatformNode[],
  signal: AbortSignal,
): void {
  if (registry === DOCKER_HUB || nodes.length > MOST) return;
  const waiting = [...nodes];
  const work = async (): Promise<void> => {
    for (let node = waiting.shift(); node && !signal.aborted; node = waiting.shift()) {
      await fillSize(context, node, signal);
    }
  };
  for (let worker = 0; worker < AT_ONCE; worker += 1) void work();
}

async function fillSize(context: TreeContext<ImageRowNeeds>, node: PlatformNode, signal: AbortSignal): Promise<void> {
  try {
    const { reference } = node.address;
    const { manifest } = await context.needs.lookup.open({ ...reference, digest: node.digest }, signal);
    if (manifest.kind !== 'image') return;
    node.size = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
    context.changed(node);
  } catch (error) {
    // The size is optional; opening the row shows the error.
    context.needs.log.debug(`No size for ${node.platform}: ${String(error)}`);
  }
}
