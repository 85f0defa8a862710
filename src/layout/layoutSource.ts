import { layoutBlob } from '../oci/layoutPaths.ts';
import { Verifier } from '../blobs/verifier.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { InvalidManifestError, parseManifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/mediaTypes.ts';
import { isTag } from '../oci/reference.ts';
import { InvalidLocalImageError, NoSuchImageError, type LocalFiles } from './layoutFiles.ts';

/** A manifest is not larger than registries take it. */
const MAX_MANIFEST = 4 << 20;
const MAX_INDEX = 8 << 20;
const CHUNK = 1 << 20;
/** A layout of more images is asked for the others' subjects no further. */
const MAX_REFERRERS = 200;
const REF_NAME = 'org.opencontainers.image.ref.name';

/** An OCI layout in a folder or an archive (image-spec, image-layout.md), with what a registry offers of a repository. Every digest is checked. */
export class LayoutSource implements BlobSource {
  readonly #files: LocalFiles;

  constructor(files: LocalFiles) {
    this.#files = files;
  }

  /** What `index.json` names, in its order. @throws {InvalidLocalImageError} */
  async images(): Promise<readonly Descriptor[]> {
    if ((await this.#files.size('oci-layout')) === undefined) throw this.#invalid('it has no file oci-layout');
    const size = await this.#files.size('index.json');
    if (size === undefined) throw this.#invalid('it has no index.json');
    if (size > MAX_INDEX) throw this.#invalid('its index.json is too large');
    const bytes = await this.#files.read('index.json', 0, size);
    try {
      const index = parseManifest(bytes, OCI_INDEX);
      if (index.kind === 'index') return index.manifests;
    } catch (cause) {
      if (!(cause instanceof InvalidManifestError)) throw cause;
      throw this.#invalid('its index.json cannot be read', { cause });
    }
    throw this.#invalid('its index.json is no index');
  }

  /** The names that its images have as tags. One without a name that can be a tag gets one, so that every image can be asked for. */
  async tags(): Promise<ReadonlyMap<string, Descriptor>> {
    const tags = new Map<string, Descriptor>();
    const images = await this.images();
    for (const image of images) {
      const name = image.annotations?.[REF_NAME] ?? '';
      const tag = isTag(name) ? name : (/:([^/:]+)$/.exec(name)?.[1] ?? 'latest');
      if (isTag(tag) && !tags.has(tag)) tags.set(tag, image);
      else tags.set(`image-${tags.size + 1}`, image);
    }
    return tags;
  }

  /** What points to a manifest, among what `index.json` names (image-spec, manifest.md, `subject`). */
  async referrers(_repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const image of (await this.images()).slice(0, MAX_REFERRERS)) {
      const manifest = parseManifest(await this.#whole(image, MAX_MANIFEST), image.mediaType);
      if (manifest.kind === 'schema1' || manifest.subject?.digest !== digest) continue;
      const { artifactType = image.artifactType } = manifest;
      found.push({ ...image, ...(artifactType ? { artifactType } : {}) });
    }
    return found;
  }

  /** The manifest under a tag or a digest. @throws {InvalidLocalImageError} @throws {DigestMismatchError} */
  async manifest(
    _repository: string,
    version: string,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; mediaType: string; digest: Digest }> {
    const named = await this.#find(version);
    signal.throwIfAborted();
    return { bytes: await this.#whole(named, MAX_MANIFEST), mediaType: named.mediaType, digest: named.digest };
  }

  /** @throws {InvalidLocalImageError} @throws {DigestMismatchError} @throws {SizeMismatchError} */
  async blobBytes(_repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    return this.#whole(blob, limit);
  }

  async blobSize(_repository: string, digest: Digest): Promise<number> {
    const size = await this.#files.size(layoutBlob(digest));
    if (size === undefined) throw this.#invalid(`the blob ${digest} is missing`);
    return size;
  }

  async read(blob: Descriptor, from: number, sink: Sink, signal: AbortSignal): Promise<void> {
    const size = await this.blobSize('', blob.digest);
    for (let at = from; at < size; at += CHUNK) {
      signal.throwIfAborted();
      sink.write(await this.#files.read(layoutBlob(blob.digest), at, Math.min(size, at + CHUNK)));
    }
  }

  async readRange(blob: Descriptor, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    return this.#files.read(layoutBlob(blob.digest), start, end);
  }

  async #find(version: string): Promise<Descriptor> {
    const images = await this.images();
    const found = images.find(({ digest }) => digest === version) ?? (await this.tags()).get(version);
    if (found) return found;
    // One that an index of it names.
    if (isDigest(version)) return { mediaType: '', digest: version, size: await this.blobSize('', version) };
    throw new NoSuchImageError(this.#files.path, version);
  }

  async #whole(blob: Descriptor, limit: number): Promise<Uint8Array> {
    const size = await this.blobSize('', blob.digest);
    if (size > limit) throw this.#invalid(`${blob.digest} has ${size} bytes, and ${limit} are the most for it`);
    const bytes = await this.#files.read(layoutBlob(blob.digest), 0, size);
    const verifier = new Verifier(blob.digest, blob.size);
    verifier.write(bytes);
    verifier.end();
    return bytes;
  }

  #invalid(reason: string, options?: ErrorOptions): InvalidLocalImageError {
    return new InvalidLocalImageError(this.#files.path, reason, options);
  }
}
