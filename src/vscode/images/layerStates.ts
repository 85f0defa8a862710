import { access } from 'node:fs/promises';
import type { BlobStore } from '../../blobs/store.ts';
import type { Digest } from '../../oci/digest.ts';
import type { PulledImages } from './pulledImages.ts';

/** What became of a layer on this machine. */
export type LayerState = 'downloaded' | 'extracted';

/** Tells which layers are here already: in the cache of blobs, or unpacked in a pulled image. Asks the disk each time. */
export class LayerStates {
  readonly #images: Pick<PulledImages, 'list'>;
  readonly #store: () => Promise<BlobStore>;

  constructor(images: Pick<PulledImages, 'list'>, store: () => Promise<BlobStore>) {
    this.#images = images;
    this.#store = store;
  }

  /** The states of those layers of which something is here. */
  async of(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, LayerState>> {
    const states = new Map<Digest, LayerState>();
    const store = await this.#store();
    await Promise.all(
      digests.map(async digest => {
        // Not by the store's own `has`, which marks a blob as used: to look at it is not to use it.
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
