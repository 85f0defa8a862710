import type { BlobStore } from '../../blobs/store.ts';
import type { PlatformEntry } from '../../oci/choosePlatform.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Index } from '../../oci/manifest.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Opened } from '../../resolve/openReference.ts';
import type { ImageAnswers } from './imageAnswers.ts';
import type { Registries } from './registries.ts';

/** Finds what a registry holds under a reference: {@link ImageAnswers}, loaded on first use. */
export class ImageLookup {
  readonly #load: () => Promise<ImageAnswers>;
  #loaded: Promise<ImageAnswers> | undefined;

  /**
   * @param store keeps documents that can't change
   * @param platform used when a call names none
   */
  constructor(
    registries: Pick<Registries, 'clientFor' | 'onDidChangeAccess'>,
    store: () => Promise<BlobStore>,
    platform: () => string | undefined,
  ) {
    this.#load = async () => {
      const { ImageAnswers } = await import('./imageAnswers.ts');
      return new ImageAnswers(registries, store, platform);
    };
    registries.onDidChangeAccess(() => void this.#loaded?.then(answers => answers.forgetAll()));
  }

  get #answers(): Promise<ImageAnswers> {
    return (this.#loaded ??= this.#load());
  }

  /** See {@link ImageAnswers.open}. */
  async open(reference: Reference, signal: AbortSignal): Promise<Opened> {
    return (await this.#answers).open(reference, signal);
  }

  /** See {@link ImageAnswers.platforms}. */
  async platforms(reference: Reference, index: Index): Promise<readonly PlatformEntry[]> {
    return (await this.#answers).platforms(reference, index);
  }

  /** See {@link ImageAnswers.resolve}. */
  async resolve(reference: Reference, platform: string | undefined, signal: AbortSignal): Promise<ResolvedImage> {
    return (await this.#answers).resolve(reference, platform, signal);
  }

  /** Forgets what tags pointed to, before later calls. @param reference only its tag */
  forget(reference?: Reference): void {
    void this.#loaded?.then(answers => answers.forget(reference));
  }
}
