import { parseJsonObject, type JsonObject } from '../../oci/json.ts';
import type { Asker } from '../api/asker.ts';
import { fetchChunk, fetchParts, tagsOf } from '../api/listing.ts';
import type { Endpoint } from '../config.ts';
import { RegistryError } from '../errors.ts';
import { dockerHubKind } from './dockerHubKind.ts';
import { googleChildren, googleTags } from './google.ts';
import { harbor } from './harbor.ts';
import { quay } from './quay.ts';
import { seenIn, type AskApi, type RegistryKind } from './registryKind.ts';
import { type TagDetail } from './tagDetail.ts';

const KINDS: readonly RegistryKind[] = [dockerHubKind, quay, harbor];
const LONGEST = 16 << 20;
const LONGEST_PING = 64 * 1024;
/** Google cuts its lists at `n` without a link to the rest, so everything is asked for at once. */
const GOOGLE_CHUNK = 10_000;
const GOOGLE = /(?:^|\.)gcr\.io$|\.pkg\.dev$|^registry\.k8s\.io$/;

/**
 * What a registry's own APIs list, where the distribution API says little or refuses. They are
 * asked without an account: a registry's password goes nowhere but to its distribution API.
 */
export class VendorLists {
  readonly #asker: Asker;
  readonly #endpoint: Endpoint;
  #kind: Promise<RegistryKind | undefined> | undefined;

  constructor(asker: Asker, endpoint: Endpoint) {
    this.#asker = asker;
    this.#endpoint = endpoint;
  }

  /** The kind of registry, if it is one whose APIs are known. */
  async kind(signal: AbortSignal): Promise<RegistryKind | undefined> {
    this.#kind ??= this.#recognise(signal);
    try {
      return await this.#kind;
    } catch (error) {
      this.#kind = undefined;
      throw error;
    }
  }

  /**
   * Returns all tags of a repository with what is known of them, in the registry's order; or the
   * names alone, from one reading of the list.
   */
  async tags(repository: string, signal: AbortSignal): Promise<readonly TagDetail[]> {
    const kind = await this.kind(signal);
    const known = await kind?.tags?.(this.#ask, this.#origin, repository, signal);
    if (known !== undefined) return known;
    let answer: JsonObject = {};
    const read = { ...tagsOf(repository), seen: (json: JsonObject) => (answer = json) };
    const size = GOOGLE.test(this.#endpoint.name) ? GOOGLE_CHUNK : undefined;
    const { items } = await fetchParts(
      last => fetchChunk(this.#asker, this.#endpoint, read, { last, size }, signal),
      undefined,
      Infinity,
    );
    return googleTags(answer) ?? items.map(tag => ({ tag }));
  }

  /**
   * Returns repositories by the registry's own list; undefined if it has none.
   * @param owner a namespace, project or parent; required by most
   */
  async repositories(owner: string | undefined, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const kind = await this.kind(signal);
    const known = await kind?.repositories?.(this.#ask, this.#origin, owner, signal);
    return known ?? (owner === undefined ? undefined : this.#children(owner, signal));
  }

  /** Google lists the names one level below a path. */
  async #children(path: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    let answer: JsonObject = {};
    const list = { ...tagsOf(path), seen: (json: JsonObject) => (answer = json) };
    try {
      await fetchChunk(this.#asker, this.#endpoint, list, { size: GOOGLE_CHUNK }, signal);
    } catch (error) {
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
    return googleChildren(answer, path);
  }

  get #origin(): string {
    return new URL(this.#endpoint.url).origin;
  }

  async #recognise(signal: AbortSignal): Promise<RegistryKind | undefined> {
    const { name, url } = this.#endpoint;
    const byHost = KINDS.find(kind => kind.recognises({ host: name }));
    if (byHost) return byHost;
    const request = { endpoint: this.#endpoint, url: `${url}/v2/` };
    const { response } = await this.#asker.transport.sendForDocument(request, LONGEST_PING, signal);
    const seen = seenIn(name, response.headers['www-authenticate']);
    return KINDS.find(kind => kind.recognises(seen));
  }

  /** Without an account, and with any refusal as "not there". */
  readonly #ask: AskApi = async (url, signal) => {
    const { origin } = new URL(url);
    const endpoint = origin === this.#origin ? this.#endpoint : { name: new URL(url).host, url: origin };
    try {
      const request = { endpoint, url, headers: { accept: 'application/json' } };
      const { response, body } = await this.#asker.transport.sendForDocument(request, LONGEST, signal);
      if (response.status !== 200 || !body) return undefined;
      const text = new TextDecoder().decode(body);
      return parseJsonObject(text) ?? parseList(text);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
  };
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
