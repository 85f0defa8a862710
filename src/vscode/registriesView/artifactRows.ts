import type { Manifest } from '../../oci/manifest.ts';
import { COMMANDS } from '../common/ids.ts';
import { ArtifactFileNode } from './artifactFileNode.ts';
import { DocumentNode } from '../documents/documentNode.ts';
import { argumentFor, type ImagePlace } from '../registries/imagePlace.ts';
import type { TreeNode } from '../tree/treeNode.ts';

/** The rows below an artifact (a signature, an SBOM, a chart, …): its manifest, and its files by their titles. */
export function artifactRows(parent: TreeNode, place: ImagePlace, manifest: Manifest): readonly TreeNode[] {
  const document = new DocumentNode(parent, {
    label: 'Manifest',
    argument: argumentFor(place),
    command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
    facts: [['Digest', place.digest]],
  });
  if (manifest.kind !== 'image') return [document];
  return [document, ...manifest.layers.map((file, at) => new ArtifactFileNode(parent, place, file, at + 1))];
}
