import type { RunCommand } from '../commandTable.ts';

/** Empties the Search view, and ends a search that is under way. */
export const clearSearch: RunCommand = async (_argument, { searches }) => (await searches.view()).clear();
