import { access } from 'node:fs/promises';
import type { BlobStore } from '../../blobs/store.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PulledImages } from './pulledImages.ts';

/** A layer's state on this machine. */
export type LayerState = 'downloaded' | 'extracted';

/**
 * Reports which layers are on this machine, in the blob cache or unpacked in a pulled image. Reads
 * the disk each time.
 */
export class LayerStates {
  readonly #images: Pick<PulledImages, 'list'>;
  readonly #store: () => Promise<BlobStore>;

  constructor(images: Pick<PulledImages, 'list'>, store: () => Promise<BlobStore>) {
    this.#images = images;
    this.#store = store;
  }

  /** The states of those layers that are here. */
  async of(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, LayerState>> {
    const states = new Map<Digest, LayerState>();
    const store = await this.#store();
    await Promise.all(
      digests.map(async digest => {
        // The store's `has` would mark the blob as used, but displaying it isn't a use.
        if (await exists(store.path(digest))) states.set(digest, 'downloaded');
      }),
    );
    for (const { image } of await this.#images.list()) {
      for (const { digest, folder } of image.layers) if (folder !== undefined) states.set(digest, 'extracted');
    }
    return states;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
