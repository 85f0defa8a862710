import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Memento } from 'vscode';
import { localAddress } from '../local/localAddress.ts';
import type { LocalSources } from '../local/localSources.ts';
import type { RepositoryAccess } from './services.ts';
import type { RegistrySetting } from './settings.ts';

/** What a folder or archive was opened as. */
export interface LocalOpened {
  /** Its name in references. */
  readonly registry: string;
  readonly repository: string;
  /** Of its images. */
  readonly tags: readonly string[];
}

const KEY = 'localSources';
/** A top-level domain that no registry can have (RFC 6761). */
const DOMAIN = 'localhost';

/**
 * Folders and archives on this machine that stand in for registries, kept for the workspace by their paths. Each is a registry of its own with one repository, so that every row and every
 * command that works on a registry's image works on theirs.
 */
export class LocalRegistries {
  readonly #memory: Memento;
  #sources: Promise<LocalSources> | undefined;

  /** @param memory of the workspace */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Their names in references. */
  names(): readonly string[] {
    return this.#paths().map(nameOf);
  }

  /** `undefined` for a registry that is none of these. */
  setting(registry: string): RegistrySetting | undefined {
    const path = this.#paths().find(known => nameOf(known) === registry);
    if (path === undefined) return undefined;
    return { name: registry, label: basename(path), url: localAddress(path), insecure: false, mirrors: [] };
  }

  /** Looks into it and keeps it. @throws {InvalidLocalImageError} */
  async add(given: string, signal: AbortSignal): Promise<LocalOpened> {
    const path = resolve(given);
    const source = await (await this.#loaded()).get(path, signal);
    const tags = [...(await source.tags()).keys()];
    await this.#memory.update(KEY, [...new Set([...this.#paths(), path])]);
    return { registry: nameOf(path), repository: repositoryOf(path), tags };
  }

  async remove(registry: string): Promise<boolean> {
    if (!this.setting(registry)) return false;
    await this.#memory.update(
      KEY,
      this.#paths().filter(path => nameOf(path) !== registry),
    );
    return true;
  }

  /** Opens it for reading. @throws {InvalidLocalImageError} */
  async open(registry: string): Promise<RepositoryAccess> {
    const path = this.#paths().find(known => nameOf(known) === registry) ?? '';
    const [{ LocalAccess }, sources] = await Promise.all([import('./localAccess.ts'), this.#loaded()]);
    const source = await sources.get(path, new AbortController().signal);
    return new LocalAccess(source, { registry, repository: repositoryOf(path) });
  }

  #loaded(): Promise<LocalSources> {
    this.#sources ??= import('../local/localSources.ts').then(({ LocalSources: Sources }) => new Sources());
    return this.#sources;
  }

  #paths(): readonly string[] {
    const kept = this.#memory.get<unknown>(KEY);
    return Array.isArray(kept) ? kept.filter(path => typeof path === 'string') : [];
  }
}

/** The same for the same path, and another for every other one. */
function nameOf(path: string): string {
  return `${repositoryOf(path)}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}.${DOMAIN}`;
}

/** The path's last part, as far as a repository may be called so. */
function repositoryOf(path: string): string {
  const plain = basename(path)
    .toLowerCase()
    .replace(/(\.(oci|docker))?\.tar$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return plain.slice(0, 40).replace(/-$/, '') || 'image';
}
