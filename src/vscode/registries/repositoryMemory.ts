import type { Memento } from 'vscode';

const KEY = 'repositories';
const MOST = 200;
const RECENT_KEY = 'recentImages';
const MOST_RECENT = 20;

/**
 * The repositories that the user opened in each registry, newest first; shared by all windows and
 * workspaces.
 */
export class RepositoryMemory {
  readonly #memento: Pick<Memento, 'get' | 'update'>;

  constructor(memento: Pick<Memento, 'get' | 'update'>) {
    this.#memento = memento;
  }

  of(registry: string): readonly string[] {
    return this.#all()[registry] ?? [];
  }

  async add(registry: string, repository: string): Promise<void> {
    const others = this.of(registry).filter(known => known !== repository);
    await this.#write(registry, [repository, ...others].slice(0, MOST));
  }

  async remove(registry: string, repository: string): Promise<void> {
    await this.#write(
      registry,
      this.of(registry).filter(known => known !== repository),
    );
  }

  /** The images that the user opened or pulled, newest first. */
  recent(): readonly string[] {
    const kept = this.#memento.get<unknown>(RECENT_KEY);
    return isTexts(kept) ? kept : [];
  }

  async used(reference: string): Promise<void> {
    const others = this.recent().filter(known => known !== reference);
    await this.#memento.update(RECENT_KEY, [reference, ...others].slice(0, MOST_RECENT));
  }

  /** The registries with remembered repositories. */
  registries(): readonly string[] {
    return Object.keys(this.#all());
  }

  #all(): Readonly<Record<string, readonly string[]>> {
    const kept = this.#memento.get<unknown>(KEY);
    if (typeof kept !== 'object' || kept === null) return {};
    const lists = Object.entries(kept).filter((entry): entry is [string, string[]] => isTexts(entry[1]));
    return Object.fromEntries(lists);
  }

  async #write(registry: string, repositories: readonly string[]): Promise<void> {
    const { [registry]: _old, ...others } = this.#all();
    await this.#memento.update(KEY, repositories.length > 0 ? { ...others, [registry]: repositories } : others);
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
