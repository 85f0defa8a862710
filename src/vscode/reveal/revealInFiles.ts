import { chooseFiles } from '../command/chooseFiles.ts';
import { shownAs } from './treeLocation.ts';
import type { RunCommand } from '../commandTable.ts';

/** Shows a file of a layer among the image's files, where all layers are merged. Returns its path. */
export const revealInFiles: RunCommand = async ({ layer: _layer, ...whole }, services) => {
  const chosen = await chooseFiles(whole, services, 'Reveal in Files');
  if (!chosen) return undefined;
  const { path } = chosen.tree.find(whole.path ?? '', false);
  await services.views.revealFile(await shownAs(chosen.image, services), path);
  return path;
};
