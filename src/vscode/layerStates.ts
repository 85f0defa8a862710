import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import type { Images } from './services.ts';

/** What became of a layer on this machine. */
export type LayerState = 'downloaded' | 'extracted';

/** Tells which layers are here already: in the cache of blobs, or unpacked in a pulled image. Asks the disk each time. */
export class LayerStates {
  readonly #images: Images;
  readonly #cacheFolder: string;

  /** @param cacheFolder where the blob store keeps its blobs, `<algorithm>/<hex>` below it */
  constructor(images: Images, cacheFolder: string) {
    this.#images = images;
    this.#cacheFolder = cacheFolder;
  }

  /** The states of those layers of which something is here. */
  async of(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, LayerState>> {
    const states = new Map<Digest, LayerState>();
    await Promise.all(
      digests.map(async digest => {
        if (await this.#isCached(digest)) states.set(digest, 'downloaded');
      }),
    );
    for (const { image } of await this.#images.list()) {
      for (const { digest, folder } of image.layers) if (folder !== undefined) states.set(digest, 'extracted');
    }
    return states;
  }

  /** Not by the store's own `has`, which marks a blob as used: to look at it is not to use it. */
  #isCached(digest: Digest): Promise<boolean> {
    return access(join(this.#cacheFolder, digestAlgorithm(digest), digestHex(digest))).then(
      () => true,
      () => false,
    );
  }
}
