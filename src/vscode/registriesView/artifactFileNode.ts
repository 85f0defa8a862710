import { ThemeIcon, TreeItem, type Command } from 'vscode';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { CommandArgument } from '../common/argument.ts';
import { dotted, formatBytes, plainText } from '../common/text.ts';
import { blobUri } from '../documents/jsonUri.ts';
import { titleOf } from '../images/names.ts';
import { argumentFor, type ImageAddress } from '../registries/imageAddress.ts';
import { tooltip } from '../tree/tooltip.ts';
import type { TreeNode } from '../tree/treeNode.ts';

const PREDICATE = 'in-toto.io/predicate-type';

/**
 * A file of an artifact, named by its title. JSON opens as a document, and any file can be
 * downloaded.
 */
export class ArtifactFileNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly #address: ImageAddress;
  readonly #file: Descriptor;
  readonly #label: string;

  /** @param number the file's position in its artifact, from 1 */
  constructor(parent: TreeNode, address: ImageAddress, file: Descriptor, number: number) {
    // The artifact's author chose the titles, which may repeat.
    this.id = `${parent.id}/file:${number}`;
    this.parent = parent;
    this.argument = { ...argumentFor(address), layer: number, digest: file.digest };
    this.#address = address;
    this.#file = file;
    this.#label = plainText(titleOf(file) ?? '', 120) || `File ${number}`;
  }

  toTreeItem(): TreeItem {
    const { mediaType, digest, size, annotations } = this.#file;
    const command = this.#command();
    const item = new TreeItem(this.#label);
    item.id = this.id;
    item.contextValue = 'peel.file';
    item.description = dotted(size < 0 ? '' : formatBytes(size), plainText(annotations?.[PREDICATE] ?? mediaType, 120));
    item.iconPath = new ThemeIcon(command ? 'json' : 'file-binary');
    item.tooltip = tooltip(command ? `${this.#label}: open as JSON, read-only` : this.#label, [
      ['Digest', digest],
      ['Type', mediaType],
    ]);
    if (command) item.command = command;
    return item;
  }

  #command(): Command | undefined {
    if (!isJson(this.#file.mediaType)) return undefined;
    const uri = blobUri(this.#address.reference, this.#file, this.#label);
    return { command: 'vscode.open', title: 'Open', arguments: [uri] };
  }
}

/** Returns whether a file of an artifact holds JSON. */
export function isJson(mediaType: string): boolean {
  return (
    /[/+]json\b/.test(mediaType) || /(?:simplesigning|in-toto|dsse|spdx|cyclonedx|sigstore\.bundle)/.test(mediaType)
  );
}
