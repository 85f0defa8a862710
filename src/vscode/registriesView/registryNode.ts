import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import { localPath } from '../../layout/localAddress.ts';
import { DOCKER_HUB } from '../../oci/reference.ts';
import { mirrorUrl } from '../../registry/config.ts';
import { NoCatalogError, UnauthorizedError } from '../../registry/errors.ts';
import { formatRateLimit } from '../../registry/http/rateLimit.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import { count, dotted, plainText } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import type { RegistrySetting } from '../settings/settings.ts';
import { ChunkedList } from '../tree/chunkedList.ts';
import { contextValue } from '../tree/contextValue.ts';
import { FailureNode } from '../tree/failureNode.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import { tooltip } from '../tree/tooltip.ts';
import { passes, type FilteredNode, type PagedNode, type TreeContext, type TreeNode } from '../tree/treeNode.ts';
import { listRepositories } from '../registries/registryLists.ts';
import { RepositoryNode } from './repositoryNode.ts';

/** Repositories of Docker Hub to begin with, until the user has opened one there. */
const SUGGESTED = ['library/busybox', 'library/alpine', 'library/debian', 'library/nginx'];

/** A registry. It opens to the repositories that were opened before, then those that it lists. */
export class RegistryNode implements PagedNode, FilteredNode {
  readonly id: string;
  readonly parent = undefined;
  readonly argument: CommandArgument;
  readonly registry: string;
  readonly setting: RegistrySetting;
  filter = '';
  readonly #context: TreeContext<ImageRowNeeds>;
  readonly #catalog: ChunkedList<string>;
  readonly #nodes = new Map<string, RepositoryNode>();
  /** Repositories opened by name since the window opened. */
  readonly #opened = new Set<string>();

  constructor(context: TreeContext<ImageRowNeeds>, setting: RegistrySetting) {
    this.id = `registry:${setting.name}`;
    this.registry = setting.name;
    this.setting = setting;
    this.argument = { registry: setting.name, url: setting.url };
    this.#context = context;
    this.#catalog = new ChunkedList(async (cursor, signal) => {
      const client = await context.needs.registries.clientFor(setting.name);
      return listRepositories(client, await context.needs.registries.listsOf(setting.name), cursor, signal);
    });
  }

  async toTreeItem(): Promise<TreeItem> {
    const { name, label = name, url, insecure, mirrors } = this.setting;
    const { registries } = this.#context.needs;
    const [account, limit] = await Promise.all([registries.accountOf(name), registries.rateLimitOf(name)]);
    const allowed = limit && formatRateLimit(limit);
    const local = localPath(url);
    const host = local ?? new URL(url).host + new URL(url).pathname.replace(/\/$/, '');
    const item = new TreeItem(plainText(label, 100), TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = contextValue('peel.registry', {
      signedIn: account !== undefined,
      insecure,
      local: local !== undefined,
      hub: name === DOCKER_HUB,
      filtered: this.filter !== '',
    });
    item.description = dotted(
      this.#filterNote(),
      name === DOCKER_HUB ? 'Docker Hub' : host !== label && host,
      account,
      allowed,
      insecure && 'insecure',
    );
    item.iconPath =
      local === undefined && insecure
        ? new ThemeIcon('unlock', new ThemeColor('list.warningForeground'))
        : new ThemeIcon(local === undefined ? 'server' : 'archive');
    item.tooltip = tooltip(label, [
      ['In references', label === name ? '' : name],
      ['Address', url],
      ['Mirrors', mirrors.map(mirrorUrl).join(', ')],
      ['Account', account],
      ['Rate limit', allowed],
      ['Security', insecure ? 'accepts unencrypted HTTP and untrusted certificates' : ''],
    ]);
    item.accessibilityInformation = { label: dotted(`Registry ${plainText(label, 100)}`, item.description) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const pinned = [...new Set([...this.#context.needs.registries.pinned(this.registry), ...this.#opened])];
    const failure = await this.#loadFirst();
    const listed = this.#catalog.items.filter(name => !pinned.includes(name));
    const shown = [...pinned, ...listed].filter(name => passes(this.filter, name));
    const rows: TreeNode[] = shown.map(name => this.#repository(name));
    const isHub = this.registry === DOCKER_HUB;
    if (failure !== undefined && !isHub) rows.push(await this.#failureRow(failure));
    if (this.#catalog.hasMore) rows.push(new LoadMoreNode(this, this.#describeMore(shown.length)));
    if (this.#catalog.failure) rows.push(new FailureNode(this, this.#catalog.failure, () => this.#retryMore()));
    if (isHub && shown.length === 0 && !this.filter) rows.push(...SUGGESTED.map(name => this.#repository(name)));
    if (isHub) rows.push(this.#searchRow());
    else if (rows.length === 0) rows.push(this.#emptyRow());
    return rows;
  }

  /** The row of a repository, if it was shown before. */
  find(name: string): RepositoryNode | undefined {
    return this.#nodes.get(name);
  }

  /** The row of a repository, which is shown from now on even if the registry doesn't list it. */
  show(name: string): RepositoryNode {
    this.#opened.add(name);
    return this.#repository(name);
  }

  #repository(name: string): RepositoryNode {
    let node = this.#nodes.get(name);
    if (!node) {
      node = new RepositoryNode(this, this.#context, this.registry, name);
      this.#nodes.set(name, node);
    }
    return node;
  }

  loadMore(): Promise<void> {
    return this.#catalog.more();
  }

  refresh(): void {
    this.#catalog.reset();
    for (const node of this.#nodes.values()) node.refresh();
  }

  /**
   * Docker Hub has no catalog, so it isn't asked. Repositories opened before are shown even if the
   * registry fails.
   */
  async #loadFirst(): Promise<unknown> {
    if (this.registry === DOCKER_HUB) return undefined;
    try {
      await this.#catalog.first();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #failureRow(error: unknown): Promise<TreeNode> {
    const { registries } = this.#context.needs;
    // Without an account, signing in may help. With one, the account may not list repositories at
    // all.
    const refused = error instanceof NoCatalogError && error.cause instanceof UnauthorizedError;
    const anonymous = (await registries.accountOf(this.registry)) === undefined;
    if (error instanceof NoCatalogError && !(refused && anonymous)) {
      return new InfoNode(this, "This registry can't list repositories", {
        description: 'open an image by name',
        tooltip: error.message,
        command: { command: COMMANDS.openImage, title: 'Open Image…', arguments: [this] },
      });
    }
    return new FailureNode(this, refused ? error.cause : error, () => {
      this.#catalog.reset();
      this.#context.changed(this);
    });
  }

  /** `29 of 121 repositories · filter`, as far as they are loaded. */
  #filterNote(): string {
    if (!this.filter) return '';
    const { loaded, items, hasMore } = this.#catalog;
    const passing = items.filter(name => passes(this.filter, name)).length;
    const all = count(items.length, 'repository', 'repositories') + (hasMore ? ' so far' : '');
    return dotted(loaded && `${passing} of ${all}`, this.filter);
  }

  #retryMore(): void {
    void this.#catalog.more().then(() => this.#context.changed(this));
  }

  #describeMore(shown: number): string {
    const loaded = this.#catalog.items.length;
    return this.filter
      ? `${shown} of ${count(loaded, 'repository', 'repositories')} so far pass the filter`
      : `${count(loaded, 'repository', 'repositories')} so far`;
  }

  #emptyRow(): TreeNode {
    if (this.filter && this.#catalog.items.length > 0) return new InfoNode(this, 'No matches');
    return new InfoNode(this, 'No repositories', {
      description: 'open an image by name',
      command: { command: COMMANDS.openImage, title: 'Open Image…', arguments: [this] },
    });
  }

  #searchRow(): TreeNode {
    return new InfoNode(this, 'Search Docker Hub…', {
      icon: 'search',
      tooltip: "Docker Hub doesn't list its repositories. Search for one, or open an image by name.",
      command: { command: COMMANDS.searchHub, title: 'Search Docker Hub', arguments: [this] },
    });
  }
}
