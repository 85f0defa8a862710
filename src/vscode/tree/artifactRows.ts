import type { Descriptor } from '../../oci/descriptor.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { COMMANDS } from '../ids.ts';
import { blobUri } from '../jsonUri.ts';
import { DocumentNode } from './documentNode.ts';
import { argumentFor, type ImagePlace } from './imagePlace.ts';
import { InfoNode } from './infoNode.ts';
import { dotted, formatBytes, plainText } from './text.ts';
import type { TreeNode } from './treeNode.ts';

/** The OCI annotation that names a file of an artifact (image-spec, annotations.md). */
const TITLE = 'org.opencontainers.image.title';
const PREDICATE = 'in-toto.io/predicate-type';

/** The rows below an artifact (a signature, an SBOM, a chart, …): its manifest, and its files by their titles. */
export function artifactRows(parent: TreeNode, place: ImagePlace, manifest: Manifest): readonly TreeNode[] {
  const document = new DocumentNode(parent, {
    label: 'Manifest',
    argument: argumentFor(place),
    command: { command: COMMANDS.showManifest, title: 'Show Manifest' },
    facts: [['Digest', place.digest]],
  });
  if (manifest.kind !== 'image') return [document];
  return [document, ...manifest.layers.map((layer, at) => fileRow(parent, place, layer, at + 1))];
}

/** One file of an artifact: JSON opens as a document, anything else tells what it is. */
function fileRow(parent: TreeNode, place: ImagePlace, layer: Descriptor, number: number): TreeNode {
  const title = layer.annotations?.[TITLE];
  const label = plainText(title ?? `File ${number}`, 120);
  const description = dotted(
    layer.size < 0 ? '' : formatBytes(layer.size),
    plainText(layer.annotations?.[PREDICATE] ?? layer.mediaType, 120),
  );
  const argument = { ...argumentFor(place), layer: number, digest: layer.digest };
  const facts = [
    ['Digest', layer.digest],
    ['Type', layer.mediaType],
  ] as const;
  if (!isJson(layer.mediaType)) return new InfoNode(parent, label, { description, icon: 'file-binary', argument });
  const uri = blobUri(place.reference, layer, label);
  return new DocumentNode(parent, {
    label,
    description,
    argument,
    facts,
    command: { command: 'vscode.open', title: 'Open', arguments: [uri] },
  });
}

function isJson(mediaType: string): boolean {
  return /[/+]json\b/.test(mediaType) || /(?:simplesigning|in-toto|dsse|spdx|cyclonedx)/.test(mediaType);
}
