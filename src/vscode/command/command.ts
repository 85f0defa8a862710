import type { CommandArgument } from '../common/argument.ts';

/** How a command was called. */
export interface Call {
  /** Started from the UI, so the command may prompt and offer follow-ups. */
  readonly interactive: boolean;
}

/** The fields of a command's argument. */
export type Field = keyof CommandArgument;

/**
 * A command: the fields of the argument it reads, and its work. Missing fields are prompted for;
 * the result is `undefined` when the user dismissed such a prompt.
 */
export interface Command<Needs> {
  readonly takes: readonly Field[];
  readonly execute: (argument: CommandArgument, needs: Needs, call: Call) => Promise<unknown>;
}

/**
 * Declares a command.
 * @param takes the fields it reads; all others are ignored
 * @param execute receives only those fields, the collaborators it names, and how it was called
 */
export function command<const Takes extends Field, Needs = unknown>(
  takes: readonly Takes[],
  execute: (argument: Pick<CommandArgument, Takes>, needs: Needs, call: Call) => Promise<unknown>,
): Command<Needs> {
  return { takes, execute };
}
