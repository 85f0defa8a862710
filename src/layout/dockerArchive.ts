import { contentDigest } from '../oci/contentDigest.ts';
import { LAYOUT_MARKER, layoutBlob } from '../oci/layoutPaths.ts';
import { createHash } from 'node:crypto';
import { sniffCompression } from '../layers/compression/decompress.ts';
import { InvalidConfigError, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest } from '../oci/digest.ts';
import { asObjects, asString, asStrings, type JsonObject } from '../oci/json.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../oci/mediaTypes.ts';
import { InvalidLocalImageError, type LocalFiles } from './layoutFiles.ts';

const MAX_DOCUMENT = 8 << 20;
const CHUNK = 1 << 20;
const LAYER_TYPES = { none: OCI_LAYER, gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD };

/** A file of the layout: generated here, or a file of the archive. */
type LayoutFile = Buffer | { readonly member: string };

/**
 * Presents an archive of `docker save` as an OCI layout (moby, image/spec/v1.2.md): its images get
 * manifests, and its configs and layers are the blobs. An uncompressed layer has its diff ID as
 * digest, which its reader verifies; a compressed one's digest is computed.
 * @throws {InvalidLocalImageError}
 */
export async function layoutOfDockerArchive(archive: LocalFiles, signal: AbortSignal): Promise<LocalFiles> {
  const files = new Map<string, LayoutFile>([['oci-layout', Buffer.from(LAYOUT_MARKER)]]);
  const manifests: object[] = [];
  for (const image of await savedImages(archive)) {
    const bytes = await manifestOf(archive, image, files, signal);
    const descriptor = { mediaType: OCI_MANIFEST, digest: put(files, bytes), size: bytes.length };
    const tags = asStrings(image.RepoTags);
    const annotated = tags.map(name => ({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } }));
    manifests.push(...(annotated.length > 0 ? annotated : [descriptor]));
  }
  if (manifests.length === 0) throw new InvalidLocalImageError(archive.path, 'its manifest.json names no image');
  files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })));
  return new ArchiveLayout(archive, files);
}

/** Returns the images that `manifest.json` lists. */
async function savedImages(archive: LocalFiles): Promise<readonly JsonObject[]> {
  const bytes = await document(archive, 'manifest.json');
  try {
    return asObjects(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new InvalidLocalImageError(archive.path, 'its manifest.json is not JSON', { cause });
  }
}

async function manifestOf(
  archive: LocalFiles,
  image: JsonObject,
  files: Map<string, LayoutFile>,
  signal: AbortSignal,
): Promise<Buffer> {
  const config = await document(archive, asString(image.Config) ?? '');
  const { diffIds } = readConfig(archive, config);
  const names = asStrings(image.Layers);
  if (diffIds.length !== names.length)
    throw new InvalidLocalImageError(
      archive.path,
      'one of its images has another number of layers than its config says',
    );
  const layers: Descriptor[] = [];
  for (const [at, name] of names.entries()) {
    const layer = await layerOf(archive, name, diffIds[at], signal);
    files.set(layoutBlob(layer.digest), { member: name });
    layers.push(layer);
  }
  const described = { mediaType: OCI_CONFIG, digest: put(files, config), size: config.length };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: described, layers }));
}

function readConfig(archive: LocalFiles, bytes: Buffer): ReturnType<typeof parseConfig> {
  try {
    return parseConfig(bytes);
  } catch (cause) {
    if (!(cause instanceof InvalidConfigError)) throw cause;
    throw new InvalidLocalImageError(archive.path, 'the config of one of its images is malformed', { cause });
  }
}

async function layerOf(
  archive: LocalFiles,
  name: string,
  diffId: Digest | undefined,
  signal: AbortSignal,
): Promise<Descriptor> {
  const size = await archive.size(name);
  if (size === undefined || diffId === undefined)
    throw new InvalidLocalImageError(archive.path, `the layer ${JSON.stringify(name)} is missing`);
  const compression = sniffCompression(await archive.read(name, 0, Math.min(6, size)));
  if (compression === 'none') return { mediaType: OCI_LAYER, digest: diffId, size };
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += CHUNK) {
    signal.throwIfAborted();
    hash.update(await archive.read(name, at, Math.min(size, at + CHUNK)));
  }
  return { mediaType: LAYER_TYPES[compression], digest: `sha256:${hash.digest('hex')}`, size };
}

async function document(archive: LocalFiles, name: string): Promise<Buffer> {
  const size = await archive.size(name);
  if (size === undefined) throw new InvalidLocalImageError(archive.path, `it has no ${JSON.stringify(name)}`);
  if (size > MAX_DOCUMENT) throw new InvalidLocalImageError(archive.path, `its ${JSON.stringify(name)} is too large`);
  return archive.read(name, 0, size);
}

function put(files: Map<string, LayoutFile>, bytes: Buffer): Digest {
  const digest = contentDigest(bytes);
  files.set(layoutBlob(digest), bytes);
  return digest;
}

class ArchiveLayout implements LocalFiles {
  readonly path: string;
  readonly #archive: LocalFiles;
  readonly #files: ReadonlyMap<string, LayoutFile>;

  constructor(archive: LocalFiles, files: ReadonlyMap<string, LayoutFile>) {
    this.path = archive.path;
    this.#archive = archive;
    this.#files = files;
  }

  async size(name: string): Promise<number | undefined> {
    const file = this.#files.get(name);
    return file && ('member' in file ? this.#archive.size(file.member) : file.length);
  }

  async read(name: string, start: number, end: number): Promise<Buffer> {
    const file = this.#files.get(name);
    if (!file) throw new InvalidLocalImageError(this.path, `it has no ${name}`);
    return 'member' in file ? this.#archive.read(file.member, start, end) : file.subarray(start, end);
  }
}
