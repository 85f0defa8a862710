import { crc32 } from 'node:zlib';
import { inSlices, type Sliced } from '../../browse/formats/slices.ts';
import type { LayerEntries, ListingEntry } from '../../browse/listing/layerEntries.ts';
import { ArchivedEntries } from '../../browse/sources/archivedEntries.ts';
import type { MergedNode, MergedTree } from '../../browse/tree/mergedTree.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { Layer } from '../../oci/layer.ts';
import type { ImagePackages } from '../../packages/package.ts';
import { doubtfulPairs, type DoubtfulPair } from './doubtfulFiles.ts';

/** One side of a comparison: the merged files of an image, or one of its layers. */
export interface ComparedFiles {
  readonly image: ResolvedImage;
  readonly tree: MergedTree;
  /** Number of the layer; absent = all layers merged. */
  readonly layer?: number;
}

/** A layer with files whose content is unknown, and an image that has it. */
export interface UnreadLayer extends Pick<Layer, 'descriptor'> {
  readonly image: ResolvedImage;
  readonly layer: Layer;
}

/** What a comparison needs from its caller. */
export interface ComparePorts {
  /** Reads whole layers, showing progress, and lists them in order with a checksum of each file. */
  readonly checksums: (layers: readonly UnreadLayer[], signal: AbortSignal) => Promise<readonly LayerEntries[]>;
  /** Reads what one side has installed. */
  readonly packages: (files: ComparedFiles, signal: AbortSignal) => Promise<ImagePackages>;
}

/** By the digest of the layer's blob. */
type Archives = ReadonlyMap<Digest, ArchivedEntries>;

/**
 * The most bytes read of a sparse file, or of one that its layer's archive does not have under its
 * name. Larger ones count as different unless they are stored alike.
 */
const MAX_READ = 1 << 30;

/**
 * Returns what tells contents apart, for each file that both sides have with equal size, unless it
 * is in the very same layer. Reads a layer as a whole if only its table of contents or headers are
 * known.
 * @throws what reading a layer throws
 */
export async function contentChecksums(
  left: ComparedFiles,
  right: ComparedFiles,
  ports: Pick<ComparePorts, 'checksums'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<MergedNode, string>> {
  const pairs = await inSlices(doubtfulPairs(left.tree, right.tree), signal);
  const archives = await readArchives(unreadLayers(left, right, pairs), ports, signal);
  const contents = new Map<MergedNode, string>();
  const unknown = await inSlices(addKnown(pairs.flat(), archives, contents), signal);
  for (const node of unknown) contents.set(node, await readContent(node, signal));
  return contents;
}

function unreadLayers(
  left: ComparedFiles,
  right: ComparedFiles,
  pairs: readonly DoubtfulPair[],
): readonly UnreadLayer[] {
  const found = new Map<Digest, UnreadLayer>();
  for (const pair of pairs) {
    for (const [side, { content }] of pair.entries()) {
      if (!content || content.layer.files.listing.checksums) continue;
      const { image } = side === 0 ? left : right;
      const layer = image.layers.find(({ number }) => number === content.layer.number);
      if (layer) found.set(content.layer.files.listing.facts.digest, { image, layer, descriptor: layer.descriptor });
    }
  }
  return [...found.values()];
}

async function readArchives(
  layers: readonly UnreadLayer[],
  { checksums }: Pick<ComparePorts, 'checksums'>,
  signal: AbortSignal,
): Promise<Archives> {
  const archives = new Map<Digest, ArchivedEntries>();
  if (layers.length === 0) return archives;
  for (const listing of await checksums(layers, signal))
    archives.set(listing.facts.digest, await inSlices(ArchivedEntries.of(listing), signal));
  return archives;
}

/** Adds what is known from listings. Returns the files that must be read. */
function* addKnown(
  nodes: readonly MergedNode[],
  archives: Archives,
  contents: Map<MergedNode, string>,
): Sliced<MergedNode[]> {
  const unknown: MergedNode[] = [];
  for (const node of nodes) {
    yield;
    const entry = archivedEntry(node, archives);
    // The stored bytes of a sparse file don't tell where its holes are.
    if (entry && !entry.sparse) contents.set(node, `crc32:${entry.crc}`);
    else if (entry && entry.size > MAX_READ) contents.set(node, `stored:${entry.crc} ${JSON.stringify(entry.sparse)}`);
    else unknown.push(node);
  }
  return unknown;
}

function archivedEntry({ content }: MergedNode, archives: Archives): ListingEntry | undefined {
  if (!content) return undefined;
  const { listing } = content.layer.files;
  return listing.checksums ? listing.entry(content.at) : archives.get(listing.facts.digest)?.find(listing, content.at);
}

async function readContent({ content }: MergedNode, signal: AbortSignal): Promise<string> {
  if (!content) return '';
  const { at, layer } = content;
  const { listing } = layer.files;
  if (listing.size(at) > MAX_READ) return `unread:${listing.facts.digest} ${at}`;
  let sum = 0;
  await layer.files.read(at, { write: chunk => (sum = crc32(chunk, sum)) }, signal);
  return `crc32:${sum}`;
}
