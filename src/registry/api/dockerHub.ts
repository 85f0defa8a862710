import { asObjects, asString, isObject, type JsonObject } from '../../oci/json.ts';
import { isRepository, isTag } from '../../oci/reference.ts';
import type { Endpoint } from '../config.ts';
import { TooLargeError } from '../errors.ts';
import type { Page } from './listing.ts';
import { quoteFromServer } from '../redact.ts';
import { responseError, type Wanted } from '../http/responseErrors.ts';
import type { Transport } from '../http/transport.ts';

/** One repository that a search on Docker Hub found. */
export interface HubResult {
  /** As references name it inside `docker.io`, with `library/` for official images. */
  readonly repository: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
}

/** Where Docker Hub's own interfaces are; tests put others. */
export interface HubAddresses {
  readonly search: string;
  readonly api: string;
}

export const HUB_ADDRESSES: HubAddresses = { search: 'https://index.docker.io', api: 'https://hub.docker.com' };

const LONGEST_ANSWER = 4 * 1024 * 1024;
const PAGE_SIZE = 100;
const MOST_RESULTS = 100;

/** What Docker Hub has beyond the distribution API, in place of the catalog that it lacks. Everything is asked without an account. */
export class DockerHub {
  readonly #transport: Transport;
  readonly #addresses: HubAddresses;

  constructor(transport: Transport, addresses: HubAddresses = HUB_ADDRESSES) {
    this.#transport = transport;
    this.#addresses = addresses;
  }

  /** Repositories that fit some words, best first. */
  async search(words: string, signal: AbortSignal): Promise<HubResult[]> {
    const url = `${this.#addresses.search}/v1/search?${new URLSearchParams({ q: words, n: String(MOST_RESULTS) }).toString()}`;
    const json = await this.#ask(this.#addresses.search, url, signal);
    return asObjects(json.results).flatMap(item => searchResult(item));
  }

  /** A part of the public repositories of one owner; official images are of `library`. @param last a `next` */
  async repositories(owner: string, last: string | undefined, signal: AbortSignal): Promise<Page> {
    const path = `/v2/repositories/${encodeURIComponent(owner)}/`;
    return this.#page(path, last, name => `${owner}/${name}`, isRepository, { what: 'repository' }, signal);
  }

  /** A part of the tags of a repository, the one pushed last first. @param last a `next` */
  async tags(repository: string, last: string | undefined, signal: AbortSignal): Promise<Page> {
    const path = `/v2/repositories/${repository.split('/').map(encodeURIComponent).join('/')}/tags/`;
    return this.#page(path, last, name => name, isTag, { what: 'repository' }, signal);
  }

  async #page(
    path: string,
    last: string | undefined,
    nameOf: (name: string) => string,
    isName: (name: string) => boolean,
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<Page> {
    const page = pageNumber(last);
    const json = await this.#ask(
      this.#addresses.api,
      `${this.#addresses.api}${path}?page_size=${PAGE_SIZE}&page=${page}`,
      signal,
      wanted,
    );
    const items = asObjects(json.results).flatMap(item => {
      const name = asString(item.name);
      return name === undefined || !isName(nameOf(name)) ? [] : [nameOf(name)];
    });
    // Only that there is a next part is believed, not where it is.
    return asString(json.next) === undefined || items.length === 0 ? { items } : { items, next: `?page=${page + 1}` };
  }

  async #ask(base: string, url: string, signal: AbortSignal, wanted?: Wanted): Promise<JsonObject> {
    const endpoint: Endpoint = { name: 'docker.io', url: base };
    const { response, body } = await this.#transport.sendForBody(
      { endpoint, url, headers: { accept: 'application/json' } },
      LONGEST_ANSWER,
      signal,
    );
    const where = { registry: 'docker.io', url };
    if (!body) throw new TooLargeError(LONGEST_ANSWER, where);
    if (response.status !== 200) throw responseError(response, body, where, undefined, wanted);
    const json = parse(body);
    if (!json) throw responseError(response, body, where, 'it sent no JSON object');
    return json;
  }
}

/** Anything that is no `next` of ours begins at the beginning. */
function pageNumber(last: string | undefined): number {
  return Number(/^\?page=(\d{1,6})$/.exec(last ?? '')?.[1] ?? 1);
}

function searchResult(item: JsonObject): HubResult[] {
  const name = asString(item.name)?.replace(/^docker\.io\//, '');
  if (name === undefined) return [];
  const repository = name.includes('/') ? name : `library/${name}`;
  if (!isRepository(repository)) return [];
  const stars = typeof item.star_count === 'number' ? item.star_count : 0;
  return [
    {
      repository,
      description: quoteFromServer(asString(item.description) ?? '', 300),
      stars,
      official: item.is_official === true,
    },
  ];
}

function parse(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
