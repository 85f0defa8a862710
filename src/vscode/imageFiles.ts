import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LayerFiles } from '../browse/layerFiles.ts';
import type { MergedNode, MergedTree } from '../browse/mergedTree.ts';
import type { Layer } from '../oci/layer.ts';
import type { ResolvedImage } from '../pull/resolveImage.ts';
import type { Pulls } from './pulls.ts';
import type { Registries } from './services.ts';
import type { Settings } from './settings.ts';
import { SharedAnswers } from './sharedAnswers.ts';

/** As many images and layers are kept open: a layer of a hundred thousand files takes some ten megabytes. */
const KEPT_TREES = 6;
const KEPT_LAYERS = 40;

/** The files of images that were not pulled: opens each layer once for all who look at it. */
export class ImageFiles {
  readonly #registries: Registries;
  readonly #pulls: Pulls;
  readonly #settings: () => Settings;
  readonly #layers = new SharedAnswers<LayerFiles>(KEPT_LAYERS);
  readonly #trees = new SharedAnswers<MergedTree>(KEPT_TREES);

  constructor(registries: Registries, pulls: Pulls, settings: () => Settings) {
    this.#registries = registries;
    this.#pulls = pulls;
    this.#settings = settings;
  }

  /** The image's layers, merged. @param upTo without the layers above this number */
  tree(image: ResolvedImage, signal: AbortSignal, upTo = image.layers.length): Promise<MergedTree> {
    return this.#trees.get(`${image.manifestDigest} 1-${upTo}`, Infinity, signal, async shared => {
      const { MergedTree } = await import('../browse/mergedTree.ts');
      const layers = image.layers.filter(({ number }) => number <= upTo);
      const opened = layers.map(async layer => ({
        number: layer.number,
        files: await this.#layer(image, layer, shared),
      }));
      return MergedTree.of(await Promise.all(opened));
    });
  }

  /** One layer by itself, without a look at those below it. */
  layer(image: ResolvedImage, layer: Layer, signal: AbortSignal): Promise<MergedTree> {
    return this.#trees.get(`${image.manifestDigest} ${layer.number}`, Infinity, signal, async shared => {
      const { MergedTree } = await import('../browse/mergedTree.ts');
      return MergedTree.ofLayer({ number: layer.number, files: await this.#layer(image, layer, shared) });
    });
  }

  /** Forgets what is open: the cache was emptied. */
  forget(): void {
    this.#layers.forget();
    this.#trees.forget();
  }

  #layer(image: ResolvedImage, layer: Layer, signal: AbortSignal): Promise<LayerFiles> {
    const { registry, repository } = image.reference;
    return this.#layers.get(layer.descriptor.digest, Infinity, signal, async shared => {
      const { browseLayer } = await import('../pull/browseLayer.ts');
      const { maxBytes, maxEntries } = this.#settings();
      const request = {
        layer,
        repository,
        blobs: async () => (await this.#registries.clientFor(registry)).blobs(repository),
        origin: () => this.#registries.originOf(registry),
        limits: { maxBytes, maxEntries },
        onProgress: () => undefined,
      };
      return this.#pulls.use(puller => browseLayer(puller, request, shared));
    });
  }
}

/** All of a file, in memory. @throws {FileTooLargeError} */
export async function readWhole(
  tree: MergedTree,
  node: MergedNode,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [{ factsOf }, { FileTooLargeError }] = await Promise.all([
    import('../browse/mergedTree.ts'),
    import('../browse/errors.ts'),
  ]);
  const { size } = factsOf(node);
  if (size > limit) throw new FileTooLargeError(node.path, size, limit);
  const bytes = Buffer.alloc(size);
  let at = 0;
  const write = (chunk: Uint8Array): void => {
    bytes.set(chunk.subarray(0, size - at), at);
    at += chunk.length;
  };
  await tree.read(node, { write }, signal);
  return bytes;
}

/** Writes a file of an image to the disk, of whatever size: whole or not at all. */
export async function saveWhole(
  tree: MergedTree,
  node: MergedNode,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const { writeSync } = await import('node:fs');
  const { factsOf } = await import('../browse/mergedTree.ts');
  const executable = (factsOf(node).mode & 0o111) !== 0;
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}.partial`;
  const file = await open(partial, 'wx', executable ? 0o755 : 0o644);
  try {
    const write = (chunk: Uint8Array): void => {
      for (let at = 0; at < chunk.length;) at += writeSync(file.fd, chunk, at);
    };
    await tree.read(node, { write }, signal);
    await file.close();
    await rename(partial, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}
