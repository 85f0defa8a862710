import type { RunCommand } from '../commandTable.ts';

/** Does the search that the Search view shows once more, in the same image. */
export const searchAgain: RunCommand = async (_argument, { searches }) => (await searches.view()).again();
