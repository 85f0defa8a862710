import type { FileRowNeeds } from './rowNeeds.ts';
import type { Uri } from 'vscode';
import type { Mark } from '../../browse/tree/layerChanges.ts';
import type { FileFacts, MergedNode } from '../../browse/tree/mergedTree.ts';
import type { CommandArgument } from '../common/argument.ts';
import { fileUri } from '../files/fileUri.ts';
import type { FilesSoFar } from '../files/openingTree.ts';
import { argumentFor, resolveAddress, type ImageAddress } from '../registries/imageAddress.ts';
import type { TreeContext } from '../tree/treeNode.ts';
import { WatchedFiles, type FilesInSight, type FilesSource } from './watchedFiles.ts';

/** An entry of a folder of an image, as a row shows it. */
export interface FileRow {
  readonly name: string;
  readonly facts: FileFacts;
  /** Where a symbolic link leads within the image; absent where it leads to nothing, and for all but links. */
  readonly target?: FileFacts;
  /** What the layer does to it; absent where all layers are shown, and as long as not all are read. */
  readonly mark?: Mark;
  /** What an editor opens. */
  readonly uri: Uri;
}

/** An entry of a folder, of which a row is made when it is to be seen. */
export interface FileItem {
  readonly name: string;
  readonly isFolder: boolean;
  row(): FileRow;
}

/** What a folder has, in no order. */
export interface FolderItems {
  readonly items: readonly FileItem[];
  /** Layers are still being read: more may come, and what is here may go. */
  readonly reading?: FilesSoFar;
}

/** Something whose folders can be listed: an image, or one of its layers. */
export interface FileView {
  /** What commands on its files are given, but for the path. */
  readonly argument: CommandArgument;
  /** What is known of a folder now. @throws what reading the layers throws */
  list(path: string): Promise<FolderItems>;
  /** Waits until all layers are read, or one has failed. */
  whole(): Promise<void>;
  /** Ends the reading of layers. */
  stop(): void;
  /** Forgets what was read, so that the next list is asked for anew. */
  reset(): void;
}

/** All layers of an image, merged. @param changed there is more to list */
export function mergedView(context: TreeContext<FileRowNeeds>, address: ImageAddress, changed: () => void): FileView {
  const { files } = context.needs;
  const source = sourceOf(context, address, {
    whole: (image, signal) => files.tree(image, signal),
    soFar: image => files.soFar(image),
  });
  return viewOf(argumentFor(address), new WatchedFiles(source, changed), async ({ tree, ...sight }, path) => {
    const folder = tree.tryFind(path);
    if (!folder?.isDirectory) return [];
    const row = rowMaker({ tree, ...sight });
    return [...tree.childrenOf(folder).values()].map(node => itemOf(node, () => row(node)));
  });
}

/** One layer's own files, each with what the layer does to it. Takes the layers below it too, for they tell what is new. @param changed there is more to list */
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
  return viewOf(argument, new WatchedFiles(source, changed), async (sight, path) => {
    const { tree, reading } = sight;
    const row = rowMaker(sight, layer);
    if (!reading) {
      const { layerChanges } = await import('../../browse/tree/layerChanges.ts');
      const changes = layerChanges(tree, layer, path);
      return changes.map(({ node, mark }) => itemOf(node, () => row(node, mark)));
    }
    // What is new cannot be told before the layers below are read.
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
  items: (sight: FilesInSight, path: string) => Promise<readonly FileItem[]>,
): FileView {
  return {
    argument,
    list: async path => {
      const sight = await files.look();
      const { reading } = sight;
      return { items: await items(sight, path), ...(reading ? { reading } : {}) };
    },
    whole: () => files.whole(),
    stop: () => files.stop(),
    reset: () => files.reset(),
  };
}

function itemOf(node: MergedNode, row: () => FileRow): FileItem {
  return { name: node.name, isFolder: node.isDirectory, row };
}

function rowMaker({ tree, image }: FilesInSight, layer?: number): (node: MergedNode, mark?: Mark) => FileRow {
  return (node, mark) => {
    const facts = node.facts;
    const target = facts.type === 'symlink' ? tree.tryFind(node.path) : undefined;
    const uri = fileUri(image, node.path, mark === 'deleted' ? facts.layer : layer);
    const more = { ...(mark ? { mark } : {}), ...(target ? { target: target.facts } : {}) };
    return { name: node.name, facts, uri, ...more };
  };
}
