import { chooseFiles } from '../command/chooseFiles.ts';
import { pickFile } from '../command/pickFile.ts';
import type { RunCommand } from '../commandTable.ts';

/** Finds a file by parts of its path, as Quick Open does, and opens it. Returns its Uri. */
export const findFile: RunCommand = async (argument, services) => {
  const chosen = await chooseFiles(argument, services, 'Find File in Image');
  return chosen && pickFile(chosen, 'Find File in Image');
};
