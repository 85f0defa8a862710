import { asObjects, asString, parseJsonObject, type JsonObject } from '../../oci/json.ts';
import { isRepository, isTag } from '../../oci/reference.ts';
import type { Endpoint } from '../config.ts';
import { TooLargeError } from '../errors.ts';
import type { ListChunk } from './listing.ts';
import { quoteFromServer } from '../redact.ts';
import { responseError, type Wanted } from '../http/responseErrors.ts';
import type { Transport } from '../http/transport.ts';

/** A repository found by a search on Docker Hub. */
export interface HubResult {
  /** Its path in references, with `library/` for official images. */
  readonly repository: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
}

/** Addresses of Docker Hub's own APIs; tests replace them. */
export interface HubAddresses {
  readonly search: string;
  readonly api: string;
}

export const HUB_ADDRESSES: HubAddresses = { search: 'https://index.docker.io', api: 'https://hub.docker.com' };

const LONGEST_ANSWER = 4 * 1024 * 1024;
const PAGE_SIZE = 100;
const MOST_RESULTS = 100;

/** Docker Hub's own API, in place of the catalog that it lacks. Asked without an account. */
export class DockerHub {
  readonly #transport: Transport;
  readonly #addresses: HubAddresses;

  constructor(transport: Transport, addresses: HubAddresses = HUB_ADDRESSES) {
    this.#transport = transport;
    this.#addresses = addresses;
  }

  /** Returns repositories that match some words, best first. */
  async search(words: string, signal: AbortSignal): Promise<HubResult[]> {
    const url = `${this.#addresses.search}/v1/search?${new URLSearchParams({ q: words, n: String(MOST_RESULTS) }).toString()}`;
    const json = await this.#ask(this.#addresses.search, url, signal);
    return asObjects(json.results).flatMap(item => searchResult(item));
  }

  /**
   * Returns a part of an owner's public repositories; `library` owns official images.
   * @param last a `next`
   */
  async repositories(owner: string, last: string | undefined, signal: AbortSignal): Promise<ListChunk> {
    const path = `/v2/repositories/${encodeURIComponent(owner)}/`;
    return this.#page(path, last, name => `${owner}/${name}`, isRepository, { what: 'repository' }, signal);
  }

  /** Returns a part of a repository's tags, the latest push first. @param last a `next` */
  async tags(repository: string, last: string | undefined, signal: AbortSignal): Promise<ListChunk> {
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
  ): Promise<ListChunk> {
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
    // Whether there is a next part is believed, but not its address.
    return asString(json.next) === undefined || items.length === 0 ? { items } : { items, next: `?page=${page + 1}` };
  }

  async #ask(base: string, url: string, signal: AbortSignal, wanted?: Wanted): Promise<JsonObject> {
    const endpoint: Endpoint = { name: 'docker.io', url: base };
    const { response, body } = await this.#transport.sendForDocument(
      { endpoint, url, headers: { accept: 'application/json' } },
      LONGEST_ANSWER,
      signal,
    );
    const where = { registry: 'docker.io', url };
    if (!body) throw new TooLargeError(LONGEST_ANSWER, where);
    if (response.status !== 200) throw responseError(response, body, where, undefined, wanted);
    const json = parseJsonObject(new TextDecoder().decode(body));
    if (!json) throw responseError(response, body, where, 'it sent no JSON object');
    return json;
  }
}

/** Anything but a `next` of ours means the first page. */
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
