import { activeFile } from '../command/imageInView.ts';
import { chooseFiles } from '../command/chooseFiles.ts';
import { shownAs } from './treeLocation.ts';
import { argumentOf } from '../common/argument.ts';
import type { RunCommand } from '../commandTable.ts';

const TITLE = 'Reveal in Layer';

/** Shows a file in the tree below the layer that brought it, or the one that is named. Without a path that of the editor in front is meant. Returns the layer's number. */
export const revealInLayer: RunCommand = async (argument, services) => {
  const given = argument.path === undefined ? argumentOf(activeFile()) : argument;
  const { layer: named, ...whole } = given;
  const chosen = await chooseFiles(named === undefined ? whole : given, services, TITLE);
  if (!chosen) return undefined;
  const { path, layer } = chosen.tree.find(given.path ?? '', false);
  await services.views.revealFile(await shownAs(chosen.image, services), path, layer);
  return layer;
};
