import type { Uri } from 'vscode';
import type { Mark } from '../../browse/layerChanges.ts';
import type { FileFacts } from '../../browse/mergedTree.ts';
import type { CommandArgument } from '../commands/argument.ts';
import { fileUri } from '../fileUri.ts';
import { argumentFor, type ImagePlace } from './imagePlace.ts';
import { resolvePlace } from './resolvePlace.ts';
import type { TreeContext } from './treeNode.ts';

/** An entry of a folder of an image, as a row shows it. */
export interface FileRow {
  readonly name: string;
  readonly facts: FileFacts;
  /** Where a symbolic link leads within the image; absent where it leads to nothing, and for all but links. */
  readonly target?: FileFacts;
  /** What the layer does to it; absent where all layers are shown. */
  readonly mark?: Mark;
  /** What an editor opens. */
  readonly uri: Uri;
}

/** Something whose folders can be listed: an image, or one of its layers. */
export interface FileView {
  /** What commands on its files are given, but for the path. */
  readonly argument: CommandArgument;
  list(path: string, signal: AbortSignal): Promise<readonly FileRow[]>;
}

/** All layers of an image, merged. */
export function mergedView({ services }: TreeContext, place: ImagePlace): FileView {
  return {
    argument: argumentFor(place),
    list: async (path, signal) => {
      const { factsOf } = await import('../../browse/mergedTree.ts');
      const image = await resolvePlace(services.lookup, place, signal);
      const tree = await services.files.tree(image, signal);
      const folder = tree.find(path);
      if (!folder.isDirectory) return [];
      return [...tree.childrenOf(folder).values()].map(node => {
        const facts = factsOf(node);
        const target = facts.type === 'symlink' ? tree.tryFind(node.path) : undefined;
        const uri = fileUri(image, node.path);
        return { name: node.name, facts, uri, ...(target ? { target: factsOf(target) } : {}) };
      });
    },
  };
}

/** One layer's own files, each with what the layer does to it. Takes the layers below it too, for they tell what is new. */
export function layerView({ services }: TreeContext, place: ImagePlace, layer: number): FileView {
  return {
    argument: { ...argumentFor(place), layer },
    list: async (path, signal) => {
      const [{ factsOf }, { layerChanges }] = await Promise.all([
        import('../../browse/mergedTree.ts'),
        import('../../browse/layerChanges.ts'),
      ]);
      const image = await resolvePlace(services.lookup, place, signal);
      const tree = await services.files.tree(image, signal, layer);
      return layerChanges(tree, layer, path).map(({ node, mark }) => {
        const facts = factsOf(node);
        const target = facts.type === 'symlink' ? tree.tryFind(node.path) : undefined;
        const uri = fileUri(image, node.path, mark === 'deleted' ? facts.layer : layer);
        return { name: node.name, facts, uri, mark, ...(target ? { target: factsOf(target) } : {}) };
      });
    },
  };
}
