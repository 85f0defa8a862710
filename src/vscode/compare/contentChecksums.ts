import { crc32 } from 'node:zlib';
import type { ArchivedEntries } from '../../browse/sources/archivedEntries.ts';
import type { ListingEntry } from '../../browse/listing/layerEntries.ts';
import type { MergedNode } from '../../browse/tree/mergedTree.ts';
import type { Sliced } from '../../browse/formats/slices.ts';
import type { DoubtfulPair } from '../../insight/doubtfulFiles.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Layer } from '../../oci/layer.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import type { ChosenFiles } from '../command/chooseFiles.ts';
import { layerRequest, type LayerNeeds } from '../files/layerRequest.ts';
import type { Pulls } from '../images/pulls.ts';
import { withNotification, withTransfer } from '../common/progress.ts';
import { readLayers } from '../../workers/readLayers.ts';

/** What reading layers for a comparison takes. */
export interface ContentsNeeds extends LayerNeeds {
  readonly pulls: Pulls;
}

/** By the digest of the layer's blob. */
type Archives = ReadonlyMap<Digest, ArchivedEntries>;

/** Bytes of a file that has holes, or that its layer's archive does not have under its name: larger ones are not read, and differ unless they are stored alike. */
const MAX_READ = 1 << 30;

/**
 * What tells contents apart, for each file that is on both sides with the same size, as far as they are not in the very same layer. Where nothing is known of the content, for only the layer's table
 * of contents or the headers of its archive were read, the layer is read as a whole.
 * @throws what reading a layer throws
 */
export async function contentsInDoubt(
  left: ChosenFiles,
  right: ChosenFiles,
  needs: ContentsNeeds,
): Promise<ReadonlyMap<MergedNode, string>> {
  const pairs = await withNotification('Comparing', signal => pairsOf(left, right, signal));
  const archives = await readArchives(left, right, pairs, needs);
  return withNotification('Comparing', async signal => {
    const { inSlices } = await import('../../browse/formats/slices.ts');
    const contents = new Map<MergedNode, string>();
    const unknown = await inSlices(tellKnown(pairs.flat(), archives, contents), signal);
    for (const node of unknown) contents.set(node, await readContent(node, signal));
    return contents;
  });
}

async function pairsOf(left: ChosenFiles, right: ChosenFiles, signal: AbortSignal): Promise<DoubtfulPair[]> {
  const [{ doubtfulPairs }, { inSlices }] = await Promise.all([
    import('../../insight/doubtfulFiles.ts'),
    import('../../browse/formats/slices.ts'),
  ]);
  return inSlices(doubtfulPairs(left.tree, right.tree), signal);
}

/** A layer, with the image by which it is to be had. */
interface Wanted extends Pick<Layer, 'descriptor'> {
  readonly image: ResolvedImage;
  readonly layer: Layer;
}

async function readArchives(
  left: ChosenFiles,
  right: ChosenFiles,
  pairs: readonly DoubtfulPair[],
  needs: ContentsNeeds,
): Promise<Archives> {
  const wanted = new Map<Digest, Wanted>();
  for (const pair of pairs) {
    for (const [side, { content }] of pair.entries()) {
      if (!content || content.layer.files.listing.checksums) continue;
      const { image } = side === 0 ? left : right;
      const { digest } = content.layer.files.listing.facts;
      if (wanted.has(digest)) continue;
      const layer = findLayer(image, content.layer.number);
      wanted.set(digest, { image, layer, descriptor: layer.descriptor });
    }
  }
  const archives = new Map<Digest, ArchivedEntries>();
  if (wanted.size === 0) return archives;
  const [{ archiveListing }, { ArchivedEntries }, { inSlices }] = await Promise.all([
    import('../../layerAccess/layerArchive.ts'),
    import('../../browse/sources/archivedEntries.ts'),
    import('../../browse/formats/slices.ts'),
  ]);
  await withTransfer('Comparing: reading layers whose files may differ', (signal, report) =>
    needs.pulls.use(puller =>
      readLayers([...wanted.values()], { signal, report }, async ({ image, layer }, onProgress, reading) => {
        const request = { ...layerRequest(image, layer, needs), onProgress };
        const listing = await archiveListing(puller, request, reading);
        archives.set(listing.facts.digest, await inSlices(ArchivedEntries.of(listing), reading));
      }),
    ),
  );
  return archives;
}

/** Answers what cannot be told without reading the file. */
function* tellKnown(
  nodes: readonly MergedNode[],
  archives: Archives,
  contents: Map<MergedNode, string>,
): Sliced<MergedNode[]> {
  const unknown: MergedNode[] = [];
  for (const node of nodes) {
    yield;
    const entry = archivedEntry(node, archives);
    // The stored bytes of a file with holes do not tell where these are.
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
  const { facts } = layer.files.listing;
  if (layer.files.listing.size(at) > MAX_READ) return `unread:${facts.digest} ${at}`;
  let sum = 0;
  await layer.files.read(at, { write: chunk => (sum = crc32(chunk, sum)) }, signal);
  return `crc32:${sum}`;
}
