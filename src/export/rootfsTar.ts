import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { Decompressor, type Inflaters } from '../layers/compression/decompress.ts';
import { InvalidLayerError, refuseEncrypted } from '../layers/errors.ts';
import { LayerReading } from '../layers/unpack/layerReading.ts';
import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import { AppliedDeletions } from '../layers/unpack/applyDeletions.ts';
import { encodeHeader, storedSize } from '../layers/tar/tarEncoder.ts';
import type { TarEntry, TarVisitor } from '../layers/tar/tarEntry.ts';
import { BLOCK, paddingOf } from '../layers/tar/tarHeader.ts';
import { TarReader } from '../layers/tar/tarReader.ts';
import { TarReading } from '../layers/unpack/tarReading.ts';
import { Warnings } from '../layers/warnings.ts';
import type { BlobSource } from '../oci/byteSource.ts';
import type { Layer } from '../oci/layer.ts';
import { FlatTree } from './flatTree.ts';

/** The parts of a layer that reading it needs. */
export type StoredLayer = Pick<Layer, 'number' | 'descriptor' | 'diffId'>;

export interface RootfsOptions {
  /** The new archive. */
  readonly file: string;
  /** Per layer. */
  readonly limits: UnpackLimits;
  readonly inflaters?: Inflaters;
}

/**
 * Writes the merged file system of an image's layers as one tar archive, with deletions applied and
 * owners, modes, times, attributes and devices as in the layers. Reads every layer twice: first to
 * find out where in the archive each remaining file goes, then to copy the contents there. So
 * nothing is unpacked, and no content is kept in memory. Returns warnings.
 * @param layers base first
 * @throws {InvalidLayerError} a layer is not what its diff ID says; and what {@link LayerReading}
 * and the source throw
 */
export async function writeRootfsTar(
  source: BlobSource,
  layers: readonly StoredLayer[],
  options: RootfsOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const warnings = new Warnings();
  const tree = await readTree(source, layers, options, warnings, signal);
  const file = openSync(options.file, 'wx', 0o644);
  try {
    const places = writeHeaders(file, tree);
    for (const layer of layers) {
      const wanted = places.get(layer.number);
      if (wanted) await copyContents(source, layer, { ...options, file, wanted }, signal);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return warnings.list();
}

async function readTree(
  source: BlobSource,
  layers: readonly StoredLayer[],
  { limits, inflaters }: RootfsOptions,
  warnings: Warnings,
  signal: AbortSignal,
): Promise<FlatTree> {
  const tree = new FlatTree(limits.maxEntries);
  for (const { number, descriptor, diffId } of layers) {
    refuseEncrypted(descriptor.mediaType);
    const options = {
      tree,
      deletions: new AppliedDeletions(tree),
      room: { claim() {} },
      limits,
      warnings,
      ...(diffId ? { expected: diffId } : {}),
    };
    const reading = new LayerReading(compression => {
      const tar = new TarReading({ ...options, compression, linksBelow: false });
      tree.startLayer(number, () => tar.entries);
      return tar;
    }, inflaters);
    try {
      await source.read(descriptor, 0, reading, signal);
      const read = reading.end();
      if (diffId && read.diffId !== diffId)
        throw new InvalidLayerError(
          `layer ${number} has the diff ID ${read.diffId}, and the image's config says ${diffId}`,
        );
    } finally {
      reading.close();
    }
  }
  return tree;
}

/** Offsets of the contents in the archive, by layer and number of the entry. */
type Places = Map<number, Map<number, number>>;

/** Writes all headers, and leaves room for the contents. */
function writeHeaders(file: number, tree: FlatTree): Places {
  const places: Places = new Map();
  let position = 0;
  for (const { entry, content } of tree.entries()) {
    const header = encodeHeader(entry);
    writeAll(file, header, position);
    position += header.length;
    if (content) {
      const ofLayer = places.get(content.layer) ?? new Map<number, number>();
      places.set(content.layer, ofLayer.set(content.ordinal, position));
    }
    const size = storedSize(entry);
    position += size + paddingOf(size);
  }
  // Extends the file with zeros: the last padding and the two empty blocks.
  ftruncateSync(file, position + 2 * BLOCK);
  return places;
}

interface Copying {
  readonly file: number;
  readonly wanted: ReadonlyMap<number, number>;
  readonly inflaters?: Inflaters;
}

async function copyContents(
  source: BlobSource,
  { descriptor }: StoredLayer,
  { file, wanted, inflaters }: Copying,
  signal: AbortSignal,
): Promise<void> {
  const reader = new TarReader(new ContentCopier(file, wanted));
  const decompressor = new Decompressor(reader, inflaters);
  try {
    await source.read(descriptor, 0, decompressor, signal);
    decompressor.end();
    reader.end();
  } finally {
    decompressor.close();
  }
}

/** Copies the wanted contents of a layer to their places. */
class ContentCopier implements TarVisitor {
  readonly #file: number;
  readonly #wanted: ReadonlyMap<number, number>;
  #ordinal = 0;
  #position: number | undefined;

  constructor(file: number, wanted: ReadonlyMap<number, number>) {
    this.#file = file;
    this.#wanted = wanted;
  }

  entry(_entry: TarEntry): void {
    this.#ordinal += 1;
    this.#position = this.#wanted.get(this.#ordinal);
  }

  /** The data of a sparse file stays contiguous, as in the layer. */
  data(chunk: Uint8Array): void {
    if (this.#position === undefined) return;
    writeAll(this.#file, chunk, this.#position);
    this.#position += chunk.length;
  }

  endEntry(): void {
    this.#position = undefined;
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}
