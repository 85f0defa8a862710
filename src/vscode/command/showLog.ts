import type { RunCommand } from '../commandTable.ts';

/** Opens Peel's log. */
export const showLog: RunCommand = async (_argument, { log }) => {
  log.show();
};
