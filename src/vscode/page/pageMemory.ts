import type { Memento } from 'vscode';
import { isObject } from '../../oci/json.ts';
import { argumentOf, type CommandArgument } from '../common/argument.ts';

const KEY = 'pages';
/** As many pages nobody has open at once; the oldest go first. */
const MOST = 100;

/** What a page is about. */
export interface PageSubject {
  /** Of the command that would open it. */
  readonly argument: CommandArgument;
  /** With what the files of the image's layers tell. */
  readonly analyzed: boolean;
}

/** A page by its type and its title. */
export interface PageName {
  readonly type: string;
  readonly title: string;
}

/**
 * Remembers what pages are about, so that they can be made again when the window has been loaded anew. The pages themselves run no script, and so have no state of their own: they are known by their
 * titles.
 */
export class PageMemory {
  readonly #memory: Memento;

  /** @param memory of the workspace */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  async keep({ type, title }: PageName, { argument, analyzed }: PageSubject): Promise<void> {
    const others = this.#kept().filter(page => page['type'] !== type || page['title'] !== title);
    await this.#memory.update(KEY, [...others, { type, title, argument, analyzed }].slice(-MOST));
  }

  /** `undefined` for a page of which nothing is known. */
  subjectOf({ type, title }: PageName): PageSubject | undefined {
    const found = this.#kept().find(page => page['type'] === type && page['title'] === title);
    return found && { argument: argumentOf(found['argument']), analyzed: found['analyzed'] === true };
  }

  #kept(): readonly Record<string, unknown>[] {
    const kept = this.#memory.get<unknown>(KEY);
    return Array.isArray(kept) ? kept.filter(isObject) : [];
  }
}
