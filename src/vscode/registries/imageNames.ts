import { SharedAnswers } from '../common/sharedAnswers.ts';
import { listRepositories, listTags, newestFirst } from './registryLists.ts';
import type { RepositoryAccess } from './repositoryAccess.ts';

/** How long a list is offered again without asking, in ms. */
const LIFETIME = 300_000;

/** The names that registries list, to complete what the user types. */
export class ImageNames {
  readonly #access: (registry: string) => Promise<RepositoryAccess>;
  readonly #lists = new SharedAnswers<readonly string[]>();

  constructor(access: (registry: string) => Promise<RepositoryAccess>) {
    this.#access = access;
  }

  /** The first of the registry's repositories. */
  repositories(registry: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#lists.get(registry, LIFETIME, signal, async shared => {
      const { items } = await listRepositories(await this.#access(registry), undefined, undefined, shared);
      return items;
    });
  }

  /** A repository's tags, newest version first. */
  tags(registry: string, repository: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#lists.get(`${registry}/${repository}`, LIFETIME, signal, async shared => {
      const { items } = await listTags(await this.#access(registry), repository, undefined, shared);
      return newestFirst(items);
    });
  }
}
