import type { Manifest } from '../../oci/manifest.ts';
import { COMMANDS } from '../common/ids.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { ArtifactFileNode } from './artifactFileNode.ts';

/**
 * The rows below an artifact, such as a signature, an SBOM or a chart: its manifest and its files.
 */
export function artifactRows(parent: TreeNode, address: ImageAddress, manifest: Manifest): readonly TreeNode[] {
  const document = new DocumentNode(parent, {
    label: 'Manifest',
    argument: argumentFor(address),
    command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
    facts: [['Digest', address.digest]],
  });
  if (manifest.kind !== 'image') return [document];
  return [document, ...manifest.layers.map((file, at) => new ArtifactFileNode(parent, address, file, at + 1))];
}
