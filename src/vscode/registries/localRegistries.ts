import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Memento } from 'vscode';
import { localAddress } from '../../layout/localAddress.ts';
import type { LocalSources } from '../../layout/localSources.ts';
import type { ArchiveWatch } from '../../layout/plainArchive.ts';
import type { RegistrySetting } from '../settings/settings.ts';
import type { RepositoryAccess } from './repositoryAccess.ts';

/** A folder or archive as opened. */
export interface LocalOpened {
  /** Its name in references. */
  readonly registry: string;
  readonly repository: string;
  /** The tags of its images. */
  readonly tags: readonly string[];
}

const KEY = 'localSources';
/**
 * How many unlisted paths are remembered for editors that show files from them; the oldest go
 * first.
 */
const MOST_KNOWN = 200;
/** A top-level domain that no registry can have (RFC 6761). */
const DOMAIN = 'localhost';
const UNWATCHED: ArchiveWatch = { signal: new AbortController().signal, onProgress: () => undefined };

/**
 * Folders and archives on this machine that stand in for registries. Each becomes a registry with
 * one repository, so every row and command for registry images works on them too. The list is
 * stored per workspace. The paths are also stored globally, so that a file's Uri still resolves in
 * another workspace.
 */
export class LocalRegistries {
  readonly #listed: Memento;
  readonly #known: Memento;
  readonly #archives: string;
  #sources: Promise<LocalSources> | undefined;

  /**
   * @param listed the workspace's memory
   * @param known the global memory
   * @param archives cache folder for archives that are compressed as a whole
   */
  constructor(listed: Memento, known: Memento, archives: string) {
    this.#listed = listed;
    this.#known = known;
    this.#archives = archives;
  }

  /** The listed ones' names in references. */
  names(): readonly string[] {
    return pathsIn(this.#listed).map(nameOf);
  }

  /** `undefined` if `registry` isn't one of these. */
  setting(registry: string): RegistrySetting | undefined {
    const path = this.#pathOf(registry);
    if (path === undefined) return undefined;
    return { name: registry, label: basename(path), url: localAddress(path), insecure: false, mirrors: [] };
  }

  /**
   * Opens a folder or archive and remembers its path without listing it. @throws
   * {InvalidLocalImageError}
   */
  async find(given: string, watch: ArchiveWatch): Promise<LocalOpened> {
    const path = resolve(given);
    const source = await (await this.#loaded()).get(await this.#plain(path, watch), watch.signal);
    const tags = [...(await source.tags()).keys()];
    const others = pathsIn(this.#known).filter(known => known !== path);
    await this.#known.update(KEY, [...others, path].slice(-MOST_KNOWN));
    return { registry: nameOf(path), repository: repositoryOf(path), tags };
  }

  /** Opens a folder or archive and lists it. @throws {InvalidLocalImageError} */
  async add(given: string, watch: ArchiveWatch): Promise<LocalOpened> {
    const found = await this.find(given, watch);
    await this.#listed.update(KEY, [...new Set([...pathsIn(this.#listed), resolve(given)])]);
    return found;
  }

  /** Removes it from the list; returns false if it isn't listed. */
  async remove(registry: string): Promise<boolean> {
    const paths = pathsIn(this.#listed);
    const others = paths.filter(path => nameOf(path) !== registry);
    if (others.length === paths.length) return false;
    await this.#listed.update(KEY, others);
    return true;
  }

  /** Opens it for reading. @throws {InvalidLocalImageError} */
  async open(registry: string): Promise<RepositoryAccess> {
    const path = this.#pathOf(registry) ?? '';
    const [{ LocalAccess }, sources] = await Promise.all([import('./localAccess.ts'), this.#loaded()]);
    const source = await sources.get(await this.#plain(path, UNWATCHED), UNWATCHED.signal);
    return new LocalAccess(source, { registry, repository: repositoryOf(path) });
  }

  /** Returns the address by which a worker thread can read it. @throws {InvalidLocalImageError} */
  async address(registry: string): Promise<string> {
    return localAddress(await this.#plain(this.#pathOf(registry) ?? '', UNWATCHED));
  }

  async #plain(path: string, watch: ArchiveWatch): Promise<string> {
    const { plainArchive } = await import('../../layout/plainArchive.ts');
    return plainArchive(path, this.#archives, watch);
  }

  #loaded(): Promise<LocalSources> {
    this.#sources ??= import('../../layout/localSources.ts').then(({ LocalSources: Sources }) => new Sources());
    return this.#sources;
  }

  #pathOf(registry: string): string | undefined {
    return [...pathsIn(this.#listed), ...pathsIn(this.#known)].find(path => nameOf(path) === registry);
  }
}

function pathsIn(memory: Memento): readonly string[] {
  const kept = memory.get<unknown>(KEY);
  return Array.isArray(kept) ? kept.filter(path => typeof path === 'string') : [];
}

/** Unique to the path, and always the same for it. */
function nameOf(path: string): string {
  return `${repositoryOf(path)}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}.${DOMAIN}`;
}

/** The path's last part as a valid repository name. */
function repositoryOf(path: string): string {
  const plain = basename(path)
    .toLowerCase()
    .replace(/(\.(oci|docker))?\.(tar(\.(gz|zst))?|tgz)$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return plain.slice(0, 40).replace(/-$/, '') || 'image';
}
