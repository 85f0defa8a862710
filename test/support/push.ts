import { createReadStream, statSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import { parseDigest } from '../../src/oci/digest.ts';
import * as types from '../../src/oci/mediaTypes.ts';
import { isJson, parseJson } from './json.ts';
import { type Content, sha256 } from './registry/store.ts';

/** How to reach a server for a push. */
export interface PushTarget {
  readonly url: string;
}

export interface PushOptions {
  readonly user?: string;
  readonly password?: string;
  /** PEM of the authority to trust. */
  readonly ca?: string;
}

/** Thrown when a server answers a push with an error. */
export class PushError extends Error {
  readonly status: number;
  constructor(status: number, what: string, answer: string) {
    super(`${what}: ${status} ${answer.slice(0, 300)}`);
    this.name = 'PushError';
    this.status = status;
  }
}

/** Puts blobs and manifests into a real registry with the distribution API, byte for byte. */
export class Pusher {
  readonly #target: PushTarget;
  readonly #options: PushOptions;
  readonly #agent: Agent;
  #authorization: string | undefined;

  constructor(target: PushTarget, options: PushOptions = {}) {
    this.#target = target;
    this.#options = options;
    this.#agent = new Agent(options.ca ? { connect: { ca: options.ca } } : {});
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  /** @throws {PushError} */
  async content(repository: string, content: Content, tags: readonly string[]): Promise<void> {
    for (const child of content.children ?? []) await this.content(repository, child, []);
    for (const blob of content.blobs) await this.blob(repository, blob);
    // By digest first only if there is no tag: a schema 1 manifest can't be pushed by digest.
    const references = tags.length > 0 ? tags : [content.digest];
    for (const reference of references) await this.manifest(repository, reference, content);
  }

  async blob(repository: string, blob: Buffer | { readonly file: string; readonly digest: string }): Promise<void> {
    const digest = Buffer.isBuffer(blob) ? sha256(blob) : blob.digest;
    const path = `/v2/${repository}/blobs/${digest}`;
    if ((await this.#send(repository, 'HEAD', path)).status === 200) return;
    const begun = await this.#send(repository, 'POST', `/v2/${repository}/blobs/uploads/`);
    if (begun.status !== 202) throw new PushError(begun.status, 'upload', begun.text);
    const location = new URL(String(begun.headers.location), this.#target.url);
    location.searchParams.set('digest', digest);
    const body = (): Buffer | ReturnType<typeof createReadStream> =>
      Buffer.isBuffer(blob) ? blob : createReadStream(blob.file);
    const length = Buffer.isBuffer(blob) ? blob.length : statSync(blob.file).size;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(length) };
    const done = await this.#send(repository, 'PUT', location.href, headers, body);
    if (done.status !== 201) throw new PushError(done.status, `blob ${digest}`, done.text);
  }

  async manifest(
    repository: string,
    reference: string,
    { mediaType, bytes }: Pick<Content, 'mediaType' | 'bytes'>,
  ): Promise<void> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const { status, text } = await this.#send(repository, 'PUT', path, { 'content-type': mediaType }, () => bytes);
    if (status !== 201) throw new PushError(status, `manifest ${reference}`, text);
  }

  /** Reads a document back. */
  async read(
    repository: string,
    path: string,
    accept = types.MANIFEST_ACCEPT,
  ): Promise<{ mediaType: string; bytes: Buffer }> {
    const { status, headers, bytes, text } = await this.#send(repository, 'GET', `/v2/${repository}/${path}`, {
      accept,
    });
    if (status !== 200) throw new PushError(status, path, text);
    return { mediaType: types.bareMediaType(String(headers['content-type'])), bytes };
  }

  async #send(
    repository: string,
    method: Dispatcher.HttpMethod,
    path: string,
    headers: Record<string, string> = {},
    body?: () => Buffer | ReturnType<typeof createReadStream>,
  ): Promise<{ status: number; headers: Dispatcher.ResponseData['headers']; bytes: Buffer; text: string }> {
    const url = path.startsWith('/') ? `${this.#target.url}${path}` : path;
    const once = async (): Promise<Dispatcher.ResponseData> =>
      request(url, {
        method,
        dispatcher: this.#agent,
        headers: { ...headers, ...(this.#authorization && { authorization: this.#authorization }) },
        ...(body && { body: body() }),
      });
    let answer = await once();
    if (answer.statusCode === 401 && this.#authorization === undefined && this.#options.user !== undefined) {
      await answer.body.dump();
      this.#authorization = await this.#authorize(String(answer.headers['www-authenticate']), repository);
      answer = await once();
    }
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, headers: answer.headers, bytes, text: bytes.toString() };
  }

  async #authorize(challenge: string, repository: string): Promise<string> {
    const { user = '', password = '' } = this.#options;
    const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const realm = /^Bearer .*realm="([^"]+)"/.exec(challenge)?.[1];
    if (realm === undefined) return basic;
    const url = new URL(realm);
    url.searchParams.set('service', /service="([^"]+)"/.exec(challenge)?.[1] ?? '');
    url.searchParams.set('scope', `repository:${repository}:pull,push`);
    const { body } = await request(url, { headers: { authorization: basic } });
    return `Bearer ${String(parseJson(await body.text()).token)}`;
  }
}

/** Pushes a test image, byte for byte. */
export async function pushContent(
  target: PushTarget,
  repository: string,
  content: Content,
  tags: string | readonly string[],
  options: PushOptions = {},
): Promise<void> {
  const pusher = new Pusher(target, options);
  try {
    await pusher.content(repository, content, typeof tags === 'string' ? [tags] : tags);
  } finally {
    await pusher.close();
  }
}

/**
 * Builds an index for amd64 and arm64 from an image in the registry: both have the same layers,
 * only the architecture in the config differs.
 */
export async function pushMultiArch(
  target: PushTarget,
  repository: string,
  from: string,
  tag: string,
  options: PushOptions = {},
): Promise<void> {
  const pusher = new Pusher(target, options);
  try {
    const original = await pusher.read(repository, `manifests/${from}`);
    const manifest = parseJson(original.bytes);
    const { config } = manifest;
    if (!isJson(config)) throw new TypeError(`${repository}:${from} is not an image`);
    const native = parseJson((await pusher.read(repository, `blobs/${parseDigest(config.digest)}`)).bytes);
    const other = native.architecture === 'arm64' ? 'amd64' : 'arm64';
    const variant = other === 'arm64' ? { variant: 'v8' } : {};
    const foreign = Buffer.from(JSON.stringify({ ...native, architecture: other, ...variant }));
    await pusher.blob(repository, foreign);
    const bytes = Buffer.from(
      JSON.stringify({ ...manifest, config: { ...config, digest: sha256(foreign), size: foreign.length } }),
    );
    const { mediaType } = original;
    await pusher.manifest(repository, sha256(bytes), { mediaType, bytes });
    const describe = (document: Buffer, platform: object): object => ({
      mediaType,
      digest: sha256(document),
      size: document.length,
      platform: { os: 'linux', ...platform },
    });
    const indexType = mediaType === types.DOCKER_MANIFEST ? types.DOCKER_INDEX : types.OCI_INDEX;
    const manifests = [
      describe(bytes, { architecture: other, ...variant }),
      describe(original.bytes, { architecture: native.architecture }),
    ];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
    await pusher.manifest(repository, tag, { mediaType: indexType, bytes: index });
  } finally {
    await pusher.close();
  }
}
