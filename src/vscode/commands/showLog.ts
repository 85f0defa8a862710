import type { RunCommand } from './table.ts';

/** Opens Peel's log. */
export const showLog: RunCommand = async (_argument, { log }) => {
  log.show();
};
