import type { BlobStore } from '../../blobs/store.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { ImageSource } from '../../resolve/imageSource.ts';
import type { Opened } from '../../resolve/openReference.ts';
import { SharedAnswers } from '../common/sharedAnswers.ts';
import type { Registries } from './registries.ts';

/**
 * How long the answer for a tag is reused, in ms: long enough to open a tree of rows, too short to
 * miss a push.
 */
const TAG_LIFETIME = 30_000;

/**
 * Finds what a registry holds under a reference. Answers by digest can't change and are kept;
 * answers by tag expire soon.
 */
export class ImageLookup {
  readonly #registries: Pick<Registries, 'clientFor'>;
  readonly #store: () => Promise<BlobStore>;
  readonly #platform: () => string | undefined;
  readonly #opened = new SharedAnswers<Opened>();
  readonly #resolved = new SharedAnswers<ResolvedImage>();

  /**
   * @param store keeps documents that can't change
   * @param platform used when a call names none
   */
  constructor(
    registries: Pick<Registries, 'clientFor' | 'onDidChangeAccess'>,
    store: () => Promise<BlobStore>,
    platform: () => string | undefined,
  ) {
    this.#registries = registries;
    this.#store = store;
    this.#platform = platform;
    registries.onDidChangeAccess(() => this.forget());
  }

  /** The manifest or index that the reference names. */
  open(reference: Reference, signal: AbortSignal): Promise<Opened> {
    return this.#opened.get(formatReference(reference), lifetime(reference), signal, async shared => {
      const { openReference } = await import('../../resolve/openReference.ts');
      return openReference(await this.#source(reference), reference, shared);
    });
  }

  /**
   * Resolves the reference to a single image. `platform` is like `linux/arm64/v8`; absent = the
   * setting's, else this machine's.
   */
  resolve(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ResolvedImage> {
    const wanted = platform ?? this.#platform();
    const key = `${formatReference(reference)} ${wanted ?? ''}`;
    return this.#resolved.get(key, lifetime(reference), signal, async shared => {
      const { resolveImage } = await import('../../resolve/resolveImage.ts');
      return resolveImage(await this.#source(reference), reference, wanted, shared);
    });
  }

  async #source({ registry }: Reference): Promise<ImageSource> {
    const [client, store, { CachedDocuments }] = await Promise.all([
      this.#registries.clientFor(registry),
      this.#store(),
      import('../../resolve/cachedDocuments.ts'),
    ]);
    return new CachedDocuments(client, store);
  }

  /** Forgets what tags pointed to. */
  forget(): void {
    this.#opened.forget();
    this.#resolved.forget();
  }
}

/** The content of a digest never changes. */
function lifetime(reference: Reference): number {
  return reference.digest ? Infinity : TAG_LIFETIME;
}
