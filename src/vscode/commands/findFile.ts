import { chooseFiles } from '../browsing.ts';
import { pickFile } from '../pickFile.ts';
import type { RunCommand } from './table.ts';

/** Finds a file by parts of its path, as Quick Open does, and opens it. Returns its Uri. */
export const findFile: RunCommand = async (argument, services) => {
  const chosen = await chooseFiles(argument, services, 'Find File in Image');
  return chosen && pickFile(chosen, 'Find File in Image');
};
