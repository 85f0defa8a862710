import { parseManifest } from '../oci/manifest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { ImageSource } from './imageSource.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** Where an image's documents and its referrers come from, such as a `RegistryClient`. */
export interface SociSource extends Pick<ImageSource, 'manifest' | 'blobBytes'> {
  referrers(
    repository: string,
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]>;
}

/** The zTOC of one layer. */
export interface FoundZtoc {
  readonly bytes: Uint8Array;
  /**
   * The image's manifest names the index. Otherwise anyone who may write to the repository may have
   * made it.
   */
  readonly verified: boolean;
}

interface Found {
  readonly ztocs: ReadonlyMap<string, Descriptor>;
  readonly verified: boolean;
}

const INDEX_ANNOTATION = 'com.amazon.soci.index-digest';
const LAYER_ANNOTATION = 'com.amazon.soci.image-layer-digest';
const ARTIFACT = 'application/vnd.amazon.soci.index.v1+json';
/** Bytes, enough for a layer of some 16 GB. */
const MAX_ZTOC = 128 << 20;
const MAX_INDEXES = 3;

/**
 * The SOCI index of one image, searched once for all its layers (soci-snapshotter,
 * docs/soci-index-manifest-v2.md).
 */
export class SociIndexes {
  readonly #image: Pick<ResolvedImage, 'manifest' | 'manifestDigest' | 'reference'>;
  readonly #source: () => Promise<SociSource>;
  #found: Promise<Found> | undefined;

  constructor(
    image: Pick<ResolvedImage, 'manifest' | 'manifestDigest' | 'reference'>,
    source: () => Promise<SociSource>,
  ) {
    this.#image = image;
    this.#source = source;
  }

  /** Returns the zTOC of a layer, verified by its digest, or `undefined` if it has none. */
  async ztoc(layer: Digest, signal: AbortSignal): Promise<FoundZtoc | undefined> {
    this.#found ??= this.#find(signal);
    const found = await this.#found.catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    const descriptor = found.ztocs.get(layer);
    if (!descriptor || descriptor.size > MAX_ZTOC) return undefined;
    const source = await this.#source();
    const bytes = await source.blobBytes(this.#image.reference.repository, descriptor, MAX_ZTOC, signal);
    return { bytes, verified: found.verified };
  }

  async #find(signal: AbortSignal): Promise<Found> {
    const { manifest, manifestDigest, reference } = this.#image;
    const named = manifest.kind === 'image' ? manifest.annotations[INDEX_ANNOTATION] : undefined;
    if (isDigest(named)) return { ztocs: await this.#read(named, signal), verified: true };
    const source = await this.#source();
    const referrers = await source.referrers(reference.repository, manifestDigest, ARTIFACT, signal);
    const ztocs = new Map<string, Descriptor>();
    for (const { digest } of referrers.slice(0, MAX_INDEXES)) {
      for (const [layer, ztoc] of await this.#read(digest, signal)) if (!ztocs.has(layer)) ztocs.set(layer, ztoc);
    }
    return { ztocs, verified: false };
  }

  async #read(digest: Digest, signal: AbortSignal): Promise<ReadonlyMap<string, Descriptor>> {
    const source = await this.#source();
    const { bytes, mediaType } = await source.manifest(this.#image.reference.repository, digest, signal);
    const index = parseManifest(bytes, mediaType);
    const layers = index.kind === 'image' ? index.layers : [];
    return new Map(layers.map(ztoc => [ztoc.annotations?.[LAYER_ANNOTATION] ?? '', ztoc]));
  }
}
