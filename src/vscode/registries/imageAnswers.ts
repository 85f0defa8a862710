import type { BlobStore } from '../../blobs/store.ts';
import type { PlatformEntry } from '../../oci/choosePlatform.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Index } from '../../oci/manifest.ts';
import { isDigest } from '../../oci/digest.ts';
import { formatReference, wantedVersion, type Reference } from '../../oci/reference.ts';
import type { CachedDocuments, FindManifest } from '../../resolve/cachedDocuments.ts';
import type { Opened } from '../../resolve/openReference.ts';
import { SharedAnswers } from '../common/sharedAnswers.ts';
import type { Registries } from './registries.ts';

/**
 * How long the answer for a tag is reused, in ms: long enough to open a tree of rows, too short to
 * miss a push.
 */
const TAG_LIFETIME = 30_000;

/**
 * Finds what a registry holds under a reference, and asks for no document twice. What a digest
 * names can't change and is kept. The answer for a tag is reused for 30 seconds, or until Refresh,
 * Open Image or a pull asks again.
 */
export class ImageAnswers {
  readonly #registries: Pick<Registries, 'clientFor'>;
  readonly #store: () => Promise<BlobStore>;
  readonly #platform: () => string | undefined;
  /** Manifests by repository, and tag or digest. */
  readonly #opened = new SharedAnswers<Opened>();
  /** Images by reference, the digest it led to, and platform. */
  readonly #resolved = new SharedAnswers<ResolvedImage>();

  /**
   * @param store keeps documents that can't change
   * @param platform used when a call names none
   */
  constructor(
    registries: Pick<Registries, 'clientFor'>,
    store: () => Promise<BlobStore>,
    platform: () => string | undefined,
  ) {
    this.#registries = registries;
    this.#store = store;
    this.#platform = platform;
  }

  /** The manifest or index that the reference names. */
  async open(reference: Reference, signal: AbortSignal): Promise<Opened> {
    const lifetime = isDigest(wantedVersion(reference)) ? Infinity : TAG_LIFETIME;
    const opened = await this.#opened.get(keyOf(reference), lifetime, signal, async shared => {
      const { openReference } = await import('../../resolve/openReference.ts');
      return openReference(await this.#documents(reference.registry), reference, shared);
    });
    return { ...opened, reference };
  }

  /** The platforms of an index whose images are there: an archive may lack some. */
  async platforms({ registry, repository }: Reference, index: Index): Promise<readonly PlatformEntry[]> {
    const { presentPlatformsOf } = await import('../../resolve/presentPlatforms.ts');
    return presentPlatformsOf(await this.#registries.clientFor(registry), repository, index);
  }

  /**
   * Resolves the reference to a single image. `platform` is like `linux/arm64/v8`; absent = the
   * setting's, else this machine's.
   */
  async resolve(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ResolvedImage> {
    const wanted = platform ?? this.#platform();
    const named = await this.open(reference, signal);
    const key = `${formatReference(reference)} ${named.digest} ${wanted ?? ''}`;
    return this.#resolved.get(key, Infinity, signal, async shared => {
      const { resolveOpened } = await import('../../resolve/resolveImage.ts');
      const { registry } = reference;
      const known: FindManifest = (repository, digest, inner) => this.open({ registry, repository, digest }, inner);
      return resolveOpened(await this.#documents(registry, known), named, wanted, shared);
    });
  }

  /** @param known finds manifests by digest, before the cache */
  async #documents(registry: string, known?: FindManifest): Promise<CachedDocuments> {
    const [client, store, { CachedDocuments }] = await Promise.all([
      this.#registries.clientFor(registry),
      this.#store(),
      import('../../resolve/cachedDocuments.ts'),
    ]);
    return new CachedDocuments(client, store, known);
  }

  /** Forgets everything, since an account may see something else. */
  forgetAll(): void {
    this.#opened.forget();
    this.#resolved.forget();
  }

  /** Forgets what tags pointed to. @param reference only its tag */
  forget(reference?: Reference): void {
    const only = reference && keyOf(reference);
    this.#opened.forget(key => (only === undefined || key === only) && !isDigest(key.slice(key.indexOf(' ') + 1)));
  }
}

function keyOf(reference: Reference): string {
  return `${reference.registry}/${reference.repository} ${wantedVersion(reference)}`;
}
