import type { RunCommand } from './table.ts';

/** Ends the search that the Search view shows. What it found stays there. */
export const cancelSearch: RunCommand = async (_argument, { searches }) => (await searches.view()).cancel();
