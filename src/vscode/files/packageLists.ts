import { availableParallelism } from 'node:os';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { ImagePackages } from '../../packages/package.ts';
import { SharedAnswers } from '../common/sharedAnswers.ts';
import type { Pulls } from '../images/pulls.ts';
import { layerRequest, type LayerNeeds } from './layerRequest.ts';

/** Images whose packages are remembered. */
const KEPT = 6;

/** The packages of images. Each image is read once for all users. */
export class PackageLists {
  readonly #needs: LayerNeeds & { readonly pulls: Pulls };
  readonly #known = new SharedAnswers<ImagePackages>(KEPT);

  constructor(needs: LayerNeeds & { readonly pulls: Pulls }) {
    this.#needs = needs;
  }

  /**
   * Reads what an image has installed.
   * @param tree the image's files, or those of one layer
   * @param layer that layer's number
   * @throws what reading a layer throws
   */
  of(image: ResolvedImage, tree: MergedTree, signal: AbortSignal, layer?: number): Promise<ImagePackages> {
    const { registry, repository } = image.reference;
    // Unverified listings are only as trustworthy as their repository, so they aren't shared.
    const key = `${registry}/${repository} ${image.manifestDigest} ${layer ?? ''}`;
    return this.#known.get(key, Infinity, signal, async shared => {
      const [{ readPackages }, { layerArchive }, { findLayer }] = await Promise.all([
        import('../../packages/readPackages.ts'),
        import('../../layerAccess/layerArchive.ts'),
        import('../../pull/oneLayer.ts'),
      ]);
      const { settings, pulls } = this.#needs;
      return pulls.use(work =>
        readPackages(
          tree,
          {
            archive: (number, reading) =>
              layerArchive(work, layerRequest(image, findLayer(image, number), this.#needs), reading),
            script: new URL('./packageWorker.js', import.meta.url),
            threads: settings().concurrency ?? availableParallelism(),
          },
          shared,
        ),
      );
    });
  }
}
