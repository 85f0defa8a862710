import type { Memento } from 'vscode';
import { isObject } from '../../oci/json.ts';
import type { SearchTerms } from './searchRun.ts';

const KEY = 'search';

/** Remembers the last search in this workspace. */
export class SearchMemory {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  get last(): SearchTerms {
    const kept = this.#memory.get<unknown>(KEY);
    const { text, include, exclude, isRegex, matchCase, wholeWord } = isObject(kept) ? kept : {};
    return {
      text: typeof text === 'string' ? text : '',
      include: typeof include === 'string' ? include : '',
      exclude: typeof exclude === 'string' ? exclude : '',
      isRegex: isRegex === true,
      matchCase: matchCase === true,
      wholeWord: wholeWord === true,
    };
  }

  async keep(terms: SearchTerms): Promise<void> {
    await this.#memory.update(KEY, terms);
  }
}
