import type { RunCommand } from '../commandTable.ts';

/** Ends the search that the Search view shows. What it found stays there. */
export const cancelSearch: RunCommand = async (_argument, { searches }) => (await searches.view()).cancel();
