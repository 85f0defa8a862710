import type { CommandArgument } from '../common/argument.ts';

/**
 * Returns a link that runs a command of Peel. The argument is passed as if from a row, because the
 * user clicks it and expects prompts and follow-ups.
 */
export function commandLink(command: string, argument: CommandArgument): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify([{ argument }]))}`;
}
