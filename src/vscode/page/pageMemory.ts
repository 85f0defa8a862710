import type { Memento } from 'vscode';
import { isObject } from '../../oci/json.ts';
import { argumentOf, type CommandArgument } from '../common/argument.ts';

const KEY = 'pages';
/** More pages than are ever open at once; the oldest go first. */
const MOST = 100;

/** What a page shows. */
export interface PageSubject {
  /** The argument of the command that opens it. */
  readonly argument: CommandArgument;
  /** Includes the analysis of the image's files. */
  readonly analyzed: boolean;
}

/** Identifies a page by its type and title. */
export interface PageName {
  readonly type: string;
  readonly title: string;
}

/**
 * Remembers what pages show, so that they can be rebuilt after the window reloads. The pages run no
 * scripts and so have no state of their own; titles identify them.
 */
export class PageMemory {
  readonly #memory: Memento;

  /** @param memory the workspace's */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  async keep({ type, title }: PageName, { argument, analyzed }: PageSubject): Promise<void> {
    const others = this.#kept().filter(page => page['type'] !== type || page['title'] !== title);
    await this.#memory.update(KEY, [...others, { type, title, argument, analyzed }].slice(-MOST));
  }

  /** `undefined` for an unknown page. */
  subjectOf({ type, title }: PageName): PageSubject | undefined {
    const found = this.#kept().find(page => page['type'] === type && page['title'] === title);
    return found && { argument: argumentOf(found['argument']), analyzed: found['analyzed'] === true };
  }

  #kept(): readonly Record<string, unknown>[] {
    const kept = this.#memory.get<unknown>(KEY);
    return Array.isArray(kept) ? kept.filter(isObject) : [];
  }
}
