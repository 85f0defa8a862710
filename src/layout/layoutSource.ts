import { layoutBlob } from '../oci/layoutPaths.ts';
import { Verifier } from '../blobs/verifier.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { InvalidManifestError, parseManifest, type Manifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/mediaTypes.ts';
import { isTag } from '../oci/reference.ts';
import { InvalidLocalImageError, NoSuchImageError, type LocalFiles } from './layoutFiles.ts';

/** In bytes; registries take no larger manifests either. */
const MAX_MANIFEST = 4 << 20;
const MAX_INDEX = 8 << 20;
const CHUNK = 1 << 20;
/** The most images of a layout whose subjects are read. */
const MAX_REFERRERS = 200;
const REF_NAME = 'org.opencontainers.image.ref.name';
/** The full name, where containerd and Docker keep it; their ref.name is the tag alone. */
const IMAGE_NAME = 'io.containerd.image.name';

/**
 * An OCI layout in a folder or an archive (image-spec, image-layout.md), read like a repository in
 * a registry. Every digest is checked.
 */
export class LayoutSource implements BlobSource {
  readonly #files: LocalFiles;

  constructor(files: LocalFiles) {
    this.#files = files;
  }

  /** Returns the entries of `index.json`. @throws {InvalidLocalImageError} */
  async images(): Promise<readonly Descriptor[]> {
    if ((await this.#files.size('oci-layout')) === undefined) throw this.#invalid('it has no file oci-layout');
    const size = await this.#files.size('index.json');
    if (size === undefined) throw this.#invalid('it has no index.json');
    if (size > MAX_INDEX) throw this.#invalid('its index.json is too large');
    const bytes = await this.#files.read('index.json', 0, size);
    try {
      const index = parseManifest(bytes, OCI_INDEX);
      if (index.kind === 'index') {
        if (index.unusable && index.manifests.length === 0) throw index.unusable;
        return index.manifests;
      }
    } catch (cause) {
      if (!(cause instanceof InvalidManifestError)) throw cause;
      throw this.#invalid('its index.json is malformed', { cause });
    }
    throw this.#invalid('its index.json is not an index');
  }

  /**
   * Returns the images by tag. Images that share a tag are told apart by their whole names, and
   * those without a usable name are numbered, so that each can be opened.
   */
  async tags(): Promise<ReadonlyMap<string, Descriptor>> {
    const images = await this.images();
    const shared = new Map<string, number>();
    for (const image of images) shared.set(tagOf(image), (shared.get(tagOf(image)) ?? 0) + 1);
    const tags = new Map<string, Descriptor>();
    for (const image of images) {
      const tag = tagOf(image);
      const name = shared.get(tag) === 1 ? tag : (nameAsTag(image) ?? tag);
      tags.set(isTag(name) && !tags.has(name) ? name : `image-${tags.size + 1}`, image);
    }
    return tags;
  }

  /**
   * Returns the images of `index.json` whose subject is a manifest (image-spec, manifest.md). Those
   * that can't be read are left out.
   */
  async referrers(_repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const image of (await this.images()).slice(0, MAX_REFERRERS)) {
      const manifest = await this.#parsed(image);
      if (!manifest || manifest.kind === 'schema1' || manifest.subject?.digest !== digest) continue;
      const { artifactType = image.artifactType } = manifest;
      found.push({ ...image, ...(artifactType ? { artifactType } : {}) });
    }
    return found;
  }

  /**
   * Returns the manifest under a tag or a digest.
   * @throws {InvalidLocalImageError}
   * @throws {DigestMismatchError}
   */
  async manifest(
    _repository: string,
    version: string,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; mediaType: string; digest: Digest }> {
    const named = await this.#find(version);
    signal.throwIfAborted();
    return { bytes: await this.#whole(named, MAX_MANIFEST), mediaType: named.mediaType, digest: named.digest };
  }

  /**
   * Whether a manifest is in the layout. An index may name platforms that were not saved with it.
   */
  async hasManifest(_repository: string, digest: Digest): Promise<boolean> {
    return (await this.#files.size(layoutBlob(digest))) !== undefined;
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
    // A manifest that an index in the layout names.
    if (isDigest(version)) return { mediaType: '', digest: version, size: await this.blobSize('', version) };
    throw new NoSuchImageError(this.#files.path, version);
  }

  async #whole(blob: Descriptor, limit: number): Promise<Uint8Array> {
    const size = await this.blobSize('', blob.digest);
    if (size > limit) throw this.#invalid(`${blob.digest} has ${size} bytes, more than the limit of ${limit}`);
    const bytes = await this.#files.read(layoutBlob(blob.digest), 0, size);
    const verifier = new Verifier(blob.digest, blob.size);
    verifier.write(bytes);
    verifier.end();
    return bytes;
  }

  async #parsed(image: Descriptor): Promise<Manifest | undefined> {
    try {
      return parseManifest(await this.#whole(image, MAX_MANIFEST), image.mediaType);
    } catch {
      return undefined;
    }
  }

  #invalid(reason: string, options?: ErrorOptions): InvalidLocalImageError {
    return new InvalidLocalImageError(this.#files.path, reason, options);
  }
}

function nameOf({ annotations = {} }: Descriptor): string {
  return annotations[IMAGE_NAME] ?? annotations[REF_NAME] ?? '';
}

function tagOf(image: Descriptor): string {
  const name = image.annotations?.[REF_NAME] ?? nameOf(image);
  return isTag(name) ? name : (/:([^/:]+)$/.exec(name)?.[1] ?? 'latest');
}

/** Returns an image's name as a tag: `team/app:1` as `team-app-1`. */
function nameAsTag(image: Descriptor): string | undefined {
  const name = nameOf(image).replace(/^docker\.io\/(library\/)?/, '');
  return name === '' ? undefined : name.replaceAll(/[^\w.-]+/g, '-').slice(0, 128);
}
