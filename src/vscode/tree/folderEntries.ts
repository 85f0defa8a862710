import { firstInOrder } from './firstInOrder.ts';
import { passes } from './treeNode.ts';

/** More rows than a user scrolls through. */
const CHUNK = 500;

/** An entry of a folder; its row is made when it is shown. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A folder's entries, in no order. */
export interface EntryList<Entry, Reading> {
  readonly items: readonly Entry[];
  /** Present while entries are still being found, so the list is incomplete. */
  readonly reading?: Reading;
}

/** The entries to show now. */
export interface ShownEntries<Entry, Reading> extends EntryList<Entry, Reading> {
  readonly hasMore: boolean;
}

/**
 * The entries of a folder as a tree shows them: those that pass the filter, folders first, then by
 * name, and a chunk at a time. So folders of a hundred thousand files open as fast as small ones.
 */
export class FolderEntries<Entry extends FolderEntry, Reading = never> {
  readonly #list: () => Promise<EntryList<Entry, Reading>>;
  #filter = '';
  #shown = CHUNK;
  /** Entries that pass the filter; kept once the list is complete. */
  #passing: readonly Entry[] | undefined;
  /** Changes when what is being listed becomes outdated. */
  #state = {};

  constructor(list: () => Promise<EntryList<Entry, Reading>>) {
    this.#list = list;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    this.reset();
  }

  /** @throws what listing the folder throws; the next call tries again */
  async shown(): Promise<ShownEntries<Entry, Reading>> {
    const { items, ...rest } = this.#passing ? { items: this.#passing } : await this.#listPassing();
    return { items: firstInOrder(items, this.#shown, byKindAndName), hasMore: items.length > this.#shown, ...rest };
  }

  /** Shows the next chunk too. */
  more(): void {
    this.#shown += CHUNK;
  }

  /** Forgets what was listed. */
  reset(): void {
    this.#shown = CHUNK;
    this.#passing = undefined;
    this.#state = {};
  }

  async #listPassing(): Promise<EntryList<Entry, Reading>> {
    const [filter, state] = [this.#filter, this.#state];
    const { items: all, ...rest } = await this.#list();
    const items = all.filter(({ name }) => passes(filter, name));
    if (!rest.reading && state === this.#state) this.#passing = items;
    return { items, ...rest };
  }
}

function byKindAndName(one: FolderEntry, other: FolderEntry): number {
  return Number(other.isFolder) - Number(one.isFolder) || compareNames(one.name, other.name);
}

let collator: Intl.Collator | undefined;

/**
 * Compares names in natural order: `layer2` before `layer10`. The collator is made by the first
 * comparison because that takes several milliseconds, which activation must not pay.
 */
function compareNames(one: string, other: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(one, other);
}
