import { COMMANDS } from '../common/ids.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import { FilesNode } from '../filesView/filesNode.ts';
import { LayersNode } from '../filesView/layersNode.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { AttachedNode } from './attachedNode.ts';

/** The rows below an image, which may be below a tag or a platform. */
export function imageRows(
  parent: TreeNode,
  context: TreeContext<ImageRowNeeds>,
  address: ImageAddress,
): readonly TreeNode[] {
  const argument = argumentFor(address);
  return [
    new DocumentNode(parent, {
      label: 'Manifest',
      argument,
      command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
      facts: [['Digest', address.digest]],
    }),
    new DocumentNode(parent, {
      label: 'Config',
      argument,
      command: { command: COMMANDS.showConfig, title: 'Show Config' },
    }),
    new LayersNode(parent, context, address),
    new FilesNode(parent, context, address),
    ...(address.digest
      ? [
          new AttachedNode(parent, context, address.reference, {
            manifests: [address.digest],
            attestations: address.attestations,
          }),
        ]
      : []),
  ];
}
