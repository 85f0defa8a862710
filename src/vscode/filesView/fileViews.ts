import type { Uri } from 'vscode';
import type { Mark } from '../../browse/tree/layerChanges.ts';
import type { FileFacts, MergedNode } from '../../browse/tree/mergedTree.ts';
import type { CommandArgument } from '../common/argument.ts';
import { fileUri } from '../files/fileUri.ts';
import type { FilesSoFar } from '../files/openingTree.ts';
import { argumentFor, resolveAddress, type ImageAddress } from '../registries/imageAddress.ts';
import type { TreeContext } from '../tree/treeNode.ts';
import type { FileRowNeeds } from './rowNeeds.ts';
import { WatchedFiles, type FilesSource, type KnownFiles } from './watchedFiles.ts';

/** An entry of a folder of an image, as a row shows it. */
export interface FileRow {
  readonly name: string;
  readonly facts: FileFacts;
  /**
   * The target of a symbolic link within the image; absent if it dangles, and for anything else.
   */
  readonly target?: FileFacts;
  /** What the layer does to it; absent if all layers are shown, or not all are read yet. */
  readonly mark?: Mark;
  /** Opens in an editor. */
  readonly uri: Uri;
}

/** An entry of a folder; its facts are gathered when it is shown. */
export interface FileItem {
  readonly name: string;
  readonly isFolder: boolean;
  row(): FileRow;
}

/** A folder's entries, in no order. */
export interface FolderItems {
  readonly items: readonly FileItem[];
  /** Present while layers are still being read, so entries may still come and go. */
  readonly reading?: FilesSoFar;
}

/** The folders of an image, or of one of its layers. */
export interface FileView {
  /** The argument of commands on its files, without the path. */
  readonly argument: CommandArgument;
  /** Lists what is known of a folder now. @throws what reading the layers throws */
  list(path: string): Promise<FolderItems>;
  /** Waits until all layers are read, or one has failed. */
  whole(): Promise<void>;
  /** Stops reading layers. */
  stop(): void;
  /** Forgets what was read, so that the next list reads it again. */
  reset(): void;
}

/** All layers of an image, merged. @param changed called when there is more to list */
export function mergedView(context: TreeContext<FileRowNeeds>, address: ImageAddress, changed: () => void): FileView {
  const { files } = context.needs;
  const source = sourceOf(context, address, {
    whole: (image, signal) => files.tree(image, signal),
    soFar: image => files.soFar(image),
  });
  return viewOf(argumentFor(address), new WatchedFiles(source, changed), async ({ tree, ...known }, path) => {
    const folder = tree.tryFind(path);
    if (!folder?.isDirectory) return [];
    const row = rowMaker({ tree, ...known });
    return [...tree.childrenOf(folder).values()].map(node => itemOf(node, () => row(node)));
  });
}

/**
 * A single layer's files, each with what the layer does to it. Reads the layers below too, since
 * they determine what is new. @param changed called when there is more to list
 */
export function layerView(
  context: TreeContext<FileRowNeeds>,
  address: ImageAddress,
  layer: number,
  changed: () => void,
): FileView {
  const { files } = context.needs;
  const source = sourceOf(context, address, {
    whole: (image, signal) => files.tree(image, signal, layer),
    soFar: image => files.soFar(image, layer, true),
  });
  const argument = { ...argumentFor(address), layer };
  return viewOf(argument, new WatchedFiles(source, changed), async (known, path) => {
    const { tree, reading } = known;
    const row = rowMaker(known, layer);
    if (!reading) {
      const { layerChanges } = await import('../../browse/tree/layerChanges.ts');
      const changes = layerChanges(tree, layer, path);
      return changes.map(({ node, mark }) => itemOf(node, () => row(node, mark)));
    }
    // What is new is unknown until the layers below are read.
    const folder = tree.tryFind(path, false);
    if (!folder?.isDirectory) return [];
    return [...tree.childrenOf(folder).values()].map(node => itemOf(node, () => row(node)));
  });
}

function sourceOf(
  { needs }: TreeContext<FileRowNeeds>,
  address: ImageAddress,
  files: Pick<FilesSource, 'whole' | 'soFar'>,
): FilesSource {
  return {
    ...files,
    resolve: signal => resolveAddress(needs.lookup, address, signal),
    onDidRead: needs.files.onDidRead,
  };
}

function viewOf(
  argument: CommandArgument,
  files: WatchedFiles,
  items: (known: KnownFiles, path: string) => Promise<readonly FileItem[]>,
): FileView {
  return {
    argument,
    list: async path => {
      const known = await files.look();
      const { reading } = known;
      return { items: await items(known, path), ...(reading ? { reading } : {}) };
    },
    whole: () => files.whole(),
    stop: () => files.stop(),
    reset: () => files.reset(),
  };
}

function itemOf(node: MergedNode, row: () => FileRow): FileItem {
  return { name: node.name, isFolder: node.isDirectory, row };
}

function rowMaker({ tree, image }: KnownFiles, layer?: number): (node: MergedNode, mark?: Mark) => FileRow {
  return (node, mark) => {
    const facts = node.facts;
    const target = facts.type === 'symlink' ? tree.tryFind(node.path) : undefined;
    const uri = fileUri(image, node.path, mark === 'deleted' ? facts.layer : layer);
    const more = { ...(mark ? { mark } : {}), ...(target ? { target: target.facts } : {}) };
    return { name: node.name, facts, uri, ...more };
  };
}
