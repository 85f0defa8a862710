import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { COMMANDS } from '../common/ids.ts';
import { AttachedNode } from './attachedNode.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import { FilesNode } from '../filesView/filesNode.ts';
import { argumentFor, type ImagePlace } from '../registries/imagePlace.ts';
import { LayersNode } from '../filesView/layersNode.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';

/** The rows below an image, the same whether it lies below a tag or below a platform. */
export function imageRows(
  parent: TreeNode,
  context: TreeContext<ImageRowNeeds>,
  place: ImagePlace,
): readonly TreeNode[] {
  const argument = argumentFor(place);
  return [
    new DocumentNode(parent, {
      label: 'Manifest',
      argument,
      command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
      facts: [['Digest', place.digest]],
    }),
    new DocumentNode(parent, {
      label: 'Config',
      argument,
      command: { command: COMMANDS.showConfig, title: 'Show Config' },
    }),
    new LayersNode(parent, context, place),
    new FilesNode(parent, context, place),
    ...(place.digest ? [new AttachedNode(parent, context, place.reference, place.digest, place.attestations)] : []),
  ];
}
