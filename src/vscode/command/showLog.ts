import type { LogOutputChannel } from 'vscode';
import { command } from './command.ts';

/** Shows Peel's log. */
export const showLog = command([], async (_argument, { log }: { readonly log: LogOutputChannel }) => log.show());
