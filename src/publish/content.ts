import type { BlobSource } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, type Index, type Manifest } from '../oci/manifest.ts';
import { isForeignLayer } from '../oci/mediaTypes.ts';
import { formatPlatform } from '../oci/platform.ts';
import { NotFoundError } from '../registry/errors.ts';
import type { ImageSource } from '../resolve/imageSource.ts';

/** Where images come from: a registry, or a folder or archive on this machine. */
export interface ContentSource extends ImageSource {
  blobs(repository: string): BlobSource;
  /** Returns what points to a manifest. */
  referrers(
    repository: string,
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]>;
}

/** A repository of such a source. */
export interface SourceRepository {
  readonly source: ContentSource;
  readonly repository: string;
}

/** A manifest or index, byte for byte. */
export interface Document {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** A manifest or index with everything below it. */
export interface Content {
  readonly root: Document;
  /** Each document after those that it names; the root is the last one. */
  readonly documents: readonly Document[];
  /** Each blob once, with its size. Without foreign layers, which registries don't store. */
  readonly blobs: readonly Descriptor[];
}

/** An index names images that its source doesn't have, so registries wouldn't take it. */
export class IncompleteIndexError extends Error {
  readonly missing: readonly string[];
  constructor(missing: readonly string[]) {
    super(
      `The image is incomplete where it is: ${missing.slice(0, 10).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing. Choose one of its other platforms.`,
    );
    this.name = 'IncompleteIndexError';
    this.missing = missing;
  }
}

/** Registries don't take schema 1 any more, and its digest covers the repository's name and tag. */
export class Schema1Error extends Error {
  constructor() {
    super(
      "The image has the outdated format schema 1, which can't be copied. Pull it and push its folder: that converts it, so its digest changes.",
    );
    this.name = 'Schema1Error';
  }
}

/** The image consists of too many documents. */
export class ContentTooLargeError extends Error {
  constructor() {
    super(`The image names more than ${MOST_DOCUMENTS} manifests, the most that Peel copies. Choose one platform.`);
    this.name = 'ContentTooLargeError';
  }
}

const MOST_DOCUMENTS = 2000;

/**
 * Reads a manifest or index with everything below it, except for the blobs' bytes.
 * @param version a tag or digest
 * @throws {IncompleteIndexError} @throws {Schema1Error} and what the source and the parser throw
 */
export async function collectContent(
  { source, repository }: SourceRepository,
  version: string,
  signal: AbortSignal,
): Promise<Content> {
  const documents = new Map<Digest, Document>();
  const blobs = new Map<Digest, Descriptor>();
  const missing: string[] = [];

  const visit = async (wanted: string): Promise<Document> => {
    const { bytes, digest, mediaType } = await source.manifest(repository, wanted, signal);
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.kind === 'schema1') throw new Schema1Error();
    if (manifest.kind === 'index') await visitChildren(manifest);
    else for (const blob of [manifest.config, ...manifest.layers]) if (!isForeign(blob)) blobs.set(blob.digest, blob);
    const document = { digest, mediaType: manifest.mediaType, bytes, manifest };
    // Set after its children, so that they come first; digests rule out circles.
    documents.set(digest, document);
    if (documents.size > MOST_DOCUMENTS) throw new ContentTooLargeError();
    return document;
  };

  const visitChildren = async ({ manifests }: Index): Promise<void> => {
    for (const child of manifests) {
      if (documents.has(child.digest)) continue;
      const there = (await source.hasManifest?.(repository, child.digest)) ?? true;
      const found = there && (await visit(child.digest).catch(ifMissing));
      if (!found) missing.push(child.platform ? formatPlatform(child.platform) : child.digest);
    }
  };

  const root = await visit(version);
  if (missing.length > 0) throw new IncompleteIndexError(missing);
  return {
    root,
    documents: [...documents.values()],
    blobs: await sized([...blobs.values()], source, repository, signal),
  };
}

function ifMissing(error: unknown): undefined {
  if (error instanceof NotFoundError) return undefined;
  throw error;
}

/** A layer that clients fetch from its own addresses. */
function isForeign({ mediaType, urls = [] }: Descriptor): boolean {
  return isForeignLayer(mediaType) && urls.length > 0;
}

/** Asks for sizes that the manifests don't state. */
async function sized(
  blobs: readonly Descriptor[],
  source: ImageSource,
  repository: string,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  return Promise.all(
    blobs.map(async blob =>
      blob.size >= 0 ? blob : { ...blob, size: await source.blobSize(repository, blob.digest, signal) },
    ),
  );
}
