import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { count, dotted, plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { ChunkedList } from '../tree/chunkedList.ts';
import { contextValue } from '../tree/contextValue.ts';
import { FailureNode } from '../tree/failureNode.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import { tooltip } from '../tree/tooltip.ts';
import { passes, type FilteredNode, type PagedNode, type TreeContext, type TreeNode } from '../tree/treeNode.ts';
import { listTags, newestFirst } from '../registries/registryLists.ts';
import { TagNode } from './tagNode.ts';

/** Rows shown at a time; a repository may have ten thousand tags. */
const CHUNK = 200;

/** A repository. It opens to its tags, newest version first. */
export class RepositoryNode implements PagedNode, FilteredNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument: CommandArgument;
  readonly repository: string;
  #filter = '';
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #registry: string;
  readonly #tags: ChunkedList<string>;
  readonly #nodes = new Map<string, TagNode>();
  /** Images opened by name. */
  readonly #opened: TagNode[] = [];
  #shown = CHUNK;

  constructor(parent: TreeNode, context: TreeContext<ImageRowNeeds>, registry: string, repository: string) {
    this.id = `${parent.id}/${repository}`;
    this.parent = parent;
    this.repository = repository;
    this.argument = { registry, repository: `${registry}/${repository}` };
    this.#context = context;
    this.#registry = registry;
    this.#tags = new ChunkedList(async (cursor, signal) =>
      listTags(await context.needs.registries.clientFor(registry), repository, cursor, signal),
    );
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    this.#shown = CHUNK;
  }

  toTreeItem(): TreeItem {
    const pinned = this.#context.needs.registries.pinned(this.#registry).includes(this.repository);
    const { loaded, items, hasMore } = this.#tags;
    const known = [...new Set(items)];
    const tags = loaded && count(known.length, 'tag') + (hasMore ? ' so far' : '');
    const passing = this.#filter && tags && `${known.filter(tag => passes(this.#filter, tag)).length} of `;
    const item = new TreeItem(plainText(this.repository, 255), TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.repository', { pinned, filtered: this.#filter !== '' });
    item.description = dotted(tags && `${passing || ''}${tags}`, this.#filter);
    item.iconPath = new ThemeIcon('repo');
    item.tooltip = tooltip(`${this.#registry}/${this.repository}`, [['Pinned', pinned ? 'opened by name' : '']]);
    item.accessibilityInformation = {
      label: dotted(`Repository ${plainText(this.repository, 255)}`, pinned && 'pinned', item.description),
    };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const known = this.#tags.loaded;
    const { tags, failure } = await this.#listed();
    if (!known && this.#tags.loaded) this.#context.changed(this);
    const passing = tags.filter(tag => passes(this.#filter, tag));
    const shown = passing.slice(0, this.#shown);
    const rows: TreeNode[] = this.#opened.filter(
      ({ reference }) => reference.digest !== undefined || !shown.includes(reference.tag ?? ''),
    );
    rows.push(...shown.map(tag => this.image({ registry: this.#registry, repository: this.repository, tag })));
    if (passing.length > shown.length || this.#tags.hasMore) rows.push(this.#moreRow(shown.length, passing.length));
    if (failure) rows.push(new FailureNode(this, failure, () => this.#retry()));
    if (rows.length === 0) rows.push(new InfoNode(this, tags.length > 0 ? 'No matches' : 'No tags'));
    return rows;
  }

  /** The row of an image of this repository. */
  image(reference: Reference): TagNode {
    const key = `${reference.tag ?? ''}@${reference.digest ?? ''}`;
    let node = this.#nodes.get(key);
    if (!node) {
      node = new TagNode(this, this.#context, reference);
      this.#nodes.set(key, node);
    }
    return node;
  }

  /**
   * Like {@link image}, and keeps the row in the list: a digest is never listed, and a tag may be
   * far down.
   */
  show(reference: Reference): TagNode {
    const node = this.image(reference);
    if (!this.#opened.includes(node)) this.#opened.unshift(node);
    return node;
  }

  async loadMore(): Promise<void> {
    // Shows what was already read before asking the registry for more.
    const passing = this.#tags.items.filter(tag => passes(this.#filter, tag)).length;
    this.#shown += CHUNK;
    if (passing < this.#shown && this.#tags.hasMore) {
      await this.#tags.more();
      this.#context.changed(this);
    }
  }

  refresh(): void {
    this.#tags.reset();
    for (const node of this.#nodes.values()) node.refresh();
  }

  #moreRow(shown: number, passing: number): LoadMoreNode {
    const some = shown < passing ? `${shown} of ` : '';
    return new LoadMoreNode(this, `${some}${count(passing, 'tag')}${this.#tags.hasMore ? ' so far' : ''}`);
  }

  /** The tags, or why they could not be listed; images opened by name are shown either way. */
  async #listed(): Promise<{ readonly tags: readonly string[]; readonly failure?: unknown }> {
    try {
      await this.#tags.first();
    } catch (failure) {
      return { tags: [], failure };
    }
    return { tags: await newestFirst(this.#tags.items), failure: this.#tags.failure };
  }

  /** Keeps what was already read. */
  #retry(): void {
    const more = this.#tags.loaded ? this.#tags.more() : Promise.resolve();
    void more.then(() => this.#context.changed(this));
  }
}
