import type { CommandArgument } from '../common/argument.ts';

/** The address of a link that runs a command of Peel. The argument is handed over as from a row of a tree: a person clicks, and wants questions and offers. */
export function commandLink(command: string, argument: CommandArgument): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify([{ argument }]))}`;
}
