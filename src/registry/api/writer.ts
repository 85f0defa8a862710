import type { Digest } from '../../oci/digest.ts';
import { isDigest } from '../../oci/digest.ts';
import type { Logger } from '../../oci/logger.ts';
import { MANIFEST_ACCEPT } from '../../oci/mediaTypes.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { deleteScope, pushScope } from '../auth/scope.ts';
import { endpointsOf, type Endpoint, type RegistryConfig } from '../config.ts';
import { ForbiddenError, HtmlInsteadError, NotFoundError, ServerError, type Where } from '../errors.ts';
import { headerOf } from '../http/headers.ts';
import type { Transport } from '../http/transport.ts';
import { Asker, blobPath, pullScope, type Question } from './asker.ts';
import { BlobUpload, firstForm, type BlobBody, type UploadForm, type UploadOutcome } from './blobUpload.ts';
import { fetchManifest, type FetchedManifest } from './manifests.ts';
import { ImmutableTagError, WrongUploadError } from './uploadErrors.ts';

/** A document as it is to be stored, byte for byte. */
export interface ManifestToPut {
  readonly bytes: Uint8Array;
  /** That of the document itself: registries refuse another one. */
  readonly mediaType: string;
  readonly digest: Digest;
}

/** What became of a deletion. */
export type DeleteOutcome =
  | { readonly done: true }
  /** It isn't there; some registries answer this to every deletion. */
  | { readonly done: false; readonly missing: true }
  /** The registry doesn't delete such a reference; `detail` is its reason. */
  | { readonly done: false; readonly missing: false; readonly status: number; readonly detail: string };

/** How one blob is sent. */
export interface UploadOptions {
  /** A repository of the same registry that has the blob. */
  readonly mountFrom?: string | undefined;
  /** Gets the number of bytes sent since the last call; negative if they were lost. */
  readonly report: (bytes: number) => void;
}

/**
 * Writes to a registry: only at its own address, since a mirror is another registry, and never
 * anonymously in place of an account. Methods reject with the classes of errors.ts.
 */
export class RegistryWriter {
  readonly registry: string;
  readonly #endpoint: Endpoint;
  readonly #asker: Asker;
  readonly #logger: Logger;
  readonly #form: UploadForm;

  /** @throws {InsecureRefusedError} plain HTTP to another machine without `insecure` */
  constructor(config: RegistryConfig, transport: Transport, authorizer: Authorizer, logger: Logger) {
    const [own] = endpointsOf({ ...config, mirrors: [] });
    this.registry = config.name;
    this.#endpoint = own;
    this.#asker = new Asker(transport, authorizer);
    this.#logger = logger;
    this.#form = firstForm(config.name);
  }

  /** Returns whether a repository has a blob. */
  async hasBlob(repository: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
    const path = blobPath(repository, digest);
    const question: Question = { method: 'HEAD', path, scope: pushScope(repository), repository, accepted: [404, 405] };
    const head = await this.#asker.ask(this.#endpoint, question, signal);
    head.discard();
    return head.status === 200;
  }

  /** Sends a blob, unless the repository has it. */
  async uploadBlob(
    repository: string,
    blob: BlobBody,
    { mountFrom, report }: UploadOptions,
    signal: AbortSignal,
  ): Promise<UploadOutcome> {
    const target = {
      asker: this.#asker,
      endpoint: this.#endpoint,
      repository,
      logger: this.#logger,
      form: this.#form,
    };
    return new BlobUpload(target, blob, report, signal).run(mountFrom === repository ? undefined : mountFrom);
  }

  /** Returns the digest of a tag's or digest's manifest; undefined if it doesn't exist. */
  async digestOf(repository: string, version: string, signal: AbortSignal): Promise<Digest | undefined> {
    const question: Question = {
      method: 'HEAD',
      path: `${repository}/manifests/${version}`,
      headers: { accept: MANIFEST_ACCEPT },
      scope: pullScope(repository),
      repository,
      accepted: [404, 405],
    };
    const head = await this.#asker.ask(this.#endpoint, question, signal);
    head.discard();
    if (head.status === 404) return undefined;
    const named = head.status === 200 ? headerOf(head.headers, 'docker-content-digest') : undefined;
    return isDigest(named) ? named : (await this.manifest(repository, version, signal))?.digest;
  }

  /** Returns the manifest under a tag or digest; undefined if there is none. */
  async manifest(repository: string, version: string, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    try {
      return await fetchManifest(this.#asker, this.#endpoint, repository, version, -1, signal, this.#logger);
    } catch (error) {
      if (error instanceof NotFoundError && !error.orNoAccess) return undefined;
      throw error;
    }
  }

  /**
   * Stores a manifest under a tag or its digest. Returns whether the registry itself lists it as a
   * referrer of its subject.
   * @throws {ImmutableTagError} @throws {WrongUploadError}
   */
  async putManifest(
    repository: string,
    version: string,
    { bytes, mediaType, digest }: ManifestToPut,
    signal: AbortSignal,
  ): Promise<{ readonly listsReferrer: boolean }> {
    const where: Where = { registry: this.registry, repository, access: 'push' };
    const question: Question = {
      method: 'PUT',
      path: `${repository}/manifests/${version}`,
      headers: { 'content-type': mediaType },
      scope: pushScope(repository),
      repository,
      body: { size: bytes.length, open: () => once(bytes) },
      accepted: [200, 201, 202, 204],
    };
    const response = await this.#asker.ask(this.#endpoint, question, signal).catch((error: unknown) => {
      throw immutableTag(error, version, where) ?? error;
    });
    response.discard();
    // A server that accepts anything doesn't say the digest.
    const stored =
      headerOf(response.headers, 'docker-content-digest') ?? (await this.digestOf(repository, version, signal));
    if (stored !== digest) throw new WrongUploadError(where, digest, stored ?? 'nothing');
    return { listsReferrer: headerOf(response.headers, 'oci-subject') !== undefined };
  }

  /**
   * Deletes a tag, or a manifest with all its tags (distribution-spec, "Deleting tags", "Deleting
   * manifests").
   * @throws {UnauthorizedError} @throws {ForbiddenError}
   */
  async deleteManifest(repository: string, version: string, signal: AbortSignal): Promise<DeleteOutcome> {
    const question: Question = {
      method: 'DELETE',
      path: `${repository}/manifests/${version}`,
      scope: deleteScope(repository),
      repository,
      accepted: [200, 202, 204, 404],
    };
    try {
      const response = await this.#asker.ask(this.#endpoint, question, signal);
      response.discard();
      return response.status === 404 ? { done: false, missing: true } : { done: true };
    } catch (error) {
      if (!(error instanceof ServerError) || ![400, 405, 501].includes(error.status)) throw error;
      return { done: false, missing: false, status: error.status, detail: error.code ?? String(error.status) };
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Registries refuse to replace a protected tag with various codes and statuses. */
function immutableTag(error: unknown, version: string, where: Where): ImmutableTagError | undefined {
  if (isDigest(version) || error instanceof HtmlInsteadError) return undefined;
  if (!(error instanceof ServerError || error instanceof ForbiddenError)) return undefined;
  const code = error instanceof ServerError ? error.code : undefined;
  const said = code === 'TAG_INVALID' || /immutab|already exist|overwrit/i.test(error.message);
  const status = error instanceof ServerError ? error.status : 403;
  if (!said && status !== 409 && status !== 412) return undefined;
  return new ImmutableTagError(where, version, code ?? String(status), error);
}
