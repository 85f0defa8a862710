import { mkdirSync, readdirSync } from 'node:fs';
import type { BlobSource, Sink } from '../../oci/byteSource.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Layer } from '../../oci/layer.ts';
import type { Inflaters } from '../compression/decompress.ts';
import { DiskRoom } from './diskRoom.ts';
import { FolderNotEmptyError, InvalidLayerError, refuseEncrypted } from '../errors.ts';
import { LayerReading } from './layerReading.ts';
import type { UnpackLimits } from './layerVisitor.ts';
import { Ownership } from './ownership.ts';
import { AppliedDeletions } from './applyDeletions.ts';
import { TreeFinisher } from './finishTree.ts';
import { SpecialMaker } from './specialFiles.ts';
import { writeSidecar } from './sidecar.ts';
import { TreeWriter } from './treeWriter.ts';
import { type TarRead, TarReading } from './tarReading.ts';
import { Warnings } from '../warnings.ts';

export interface MergeOptions {
  /** Created if it is missing, otherwise it must be empty. */
  readonly folder: string;
  /** Where to record what the disk does not show (see sidecar.ts); absent: nowhere. */
  readonly sidecar?: string;
  /** For each layer. */
  readonly limits: UnpackLimits;
  readonly inflaters?: Inflaters;
}

/** A layer being merged. */
export interface MergingLayer extends Sink {
  end(): TarRead;
  close(): void;
}

/**
 * Applies layers in order, base first, to one plain folder that shows what a container would see,
 * without overlay and mount. Call `layer()` for each, write its bytes, call its `end()`; at last
 * call `end()`. After an error the folder is useless.
 * @throws what {@link LayerUnpacker} throws
 */
export class MergedFolder {
  readonly #options: MergeOptions;
  readonly #warnings = new Warnings();
  readonly #tree: TreeWriter;
  readonly #finisher: TreeFinisher;
  readonly #room: DiskRoom;
  #layer = 0;

  constructor(options: MergeOptions) {
    const { folder, limits } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new FolderNotEmptyError(folder);
    const ownership = new Ownership(folder);
    this.#tree = new TreeWriter(folder, limits.maxEntries, ownership, this.#warnings);
    this.#finisher = new TreeFinisher({
      folder,
      tree: this.#tree,
      ownership,
      warnings: this.#warnings,
      specialFiles: new SpecialMaker(),
      overlay: false,
    });
    this.#room = new DiskRoom(folder);
  }

  /**
   * Starts the next layer, after the one before has ended.
   * @param expected its diff ID in the config
   */
  layer(expected?: Digest): MergingLayer {
    this.#layer += 1;
    this.#tree.startLayer(this.#layer);
    const { limits, inflaters } = this.#options;
    const options = {
      tree: this.#tree,
      deletions: new AppliedDeletions(this.#tree),
      room: this.#room,
      limits,
      warnings: this.#warnings,
      ...(expected ? { expected } : {}),
    };
    return new LayerReading(compression => new TarReading({ ...options, compression, linksBelow: false }), inflaters);
  }

  /** Finishes the folder. Returns warnings for the user. */
  end(): string[] {
    const { sidecar } = this.#options;
    const content = this.#finisher.finish([]);
    if (sidecar !== undefined) writeSidecar(sidecar, { entries: content.entries, diverted: content.diverted ?? [] });
    return this.#warnings.list();
  }
}

/**
 * Applies an image's layers, base first. Verifies each against its diff ID, if it has one;
 * verifying the blobs' digests is up to the source. Returns warnings.
 * @throws what {@link MergedFolder} and the source throw
 */
export async function mergeLayers(
  source: BlobSource,
  layers: readonly Layer[],
  options: MergeOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const merged = new MergedFolder(options);
  for (const { descriptor, diffId, number } of layers) {
    refuseEncrypted(descriptor.mediaType);
    const sink = merged.layer(diffId);
    try {
      await source.read(descriptor, 0, sink, signal);
      const read = sink.end();
      if (diffId && read.diffId !== diffId) {
        throw new InvalidLayerError(
          `layer ${number} has the diff ID ${read.diffId}, and the image's config says ${diffId}`,
        );
      }
    } finally {
      sink.close();
    }
  }
  return merged.end();
}
