import { factsOf, type FileFacts, type MergedNode, type MergedTree } from '../../browse/tree/mergedTree.ts';
import { WrongKindError } from '../../browse/errors.ts';
import { inSlices, type Sliced } from '../../browse/formats/slices.ts';
import { chooseFiles } from '../command/chooseFiles.ts';
import { pickFile } from '../command/pickFile.ts';
import type { RunCommand } from '../commandTable.ts';

/**
 * All files and folders of an image, or of one layer, below `path`, each folder before what is in it. Paths have no slash before them. A person sees them in a list, and
 * opens the one they choose.
 */
export const listFiles: RunCommand = async (argument, services) => {
  const chosen = await chooseFiles(argument, services, 'List Files');
  if (!chosen) return undefined;
  const { tree } = chosen;
  const from = tree.find(argument.path ?? '');
  if (!from.isDirectory) throw new WrongKindError(from.path, factsOf(from).type, 'directory');
  if (services.interactive) return pickFile(chosen, 'List Files');
  return inSlices(factsBelow(tree, from));
};

function* factsBelow(tree: MergedTree, from: MergedNode): Sliced<Omit<FileFacts, 'mtime'>[]> {
  const found: Omit<FileFacts, 'mtime'>[] = [];
  for (const node of tree.walk(from)) {
    yield;
    const { mtime: _time, ...facts } = factsOf(node);
    found.push(facts);
  }
  return found;
}
