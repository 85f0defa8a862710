import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../src/oci/digest.ts';
import { digestHex, parseDigest } from '../../src/oci/digest.ts';
import { isJson, parseJson } from './json.ts';
import type { RegistryStore, StoredManifest } from './registry/store.ts';
import { run } from './run.ts';
import { firstOf, requireRoot, requireTool } from './tools.ts';

/** The forms in which the image is kept: OCI with four compressions (`chunked` is zstd:chunked), and Docker schema 2. */
export const REAL_FORMS = ['gzip', 'zstd', 'chunked', 'plain', 'docker'] as const;
export type RealForm = (typeof REAL_FORMS)[number];

/** A real Debian of several layers made by debootstrap and buildah, with files of every odd kind under `/odd`. */
export interface RealImage {
  /** One OCI layout folder, with a tag for each form. */
  readonly layout: string;
  /** The manifest of a form. */
  manifest(form: RealForm): StoredManifest;
  /** The file of a blob that one of the manifests names. */
  blobFile(digest: Digest): string;
}

const RECIPE = join(import.meta.dirname, 'realImage');
const CACHE = process.env.PEEL_TEST_CACHE ?? join(import.meta.dirname, '../../.cache');

/** The reason why the image can't be built here, or false. */
export function requireRealImage(): false | string {
  return firstOf(requireRoot(), requireTool('debootstrap', 'buildah', 'skopeo', 'umoci', 'unshare', 'flock', 'tar'));
}

/** Builds the image, or takes it from the cache: it is built again only when its recipe changed. Takes minutes the first time. */
export async function realImage(): Promise<RealImage> {
  const key = createHash('sha256');
  for (const name of readdirSync(RECIPE).toSorted()) key.update(name).update(readFileSync(join(RECIPE, name)));
  const folder = join(CACHE, `real-image-${key.digest('hex').slice(0, 16)}`);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(folder)) {
    // Two test files may want it at once: the second one waits for the first.
    // In a mount namespace of its own, for buildah leaves its store mounted.
    const builder = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      process.execPath,
      join(RECIPE, 'build.ts'),
      folder,
    ];
    await run('flock', [join(CACHE, 'real-image.lock'), ...builder]);
    rmSync(`${folder}.building`, { recursive: true, force: true });
  }
  return openRealImage(join(folder, 'layout'));
}

function openRealImage(layout: string): RealImage {
  const { manifests } = parseJson(readFileSync(join(layout, 'index.json')));
  const tagged = new Map<string, StoredManifest>();
  const blobFile = (digest: Digest): string => join(layout, 'blobs/sha256', digestHex(digest));
  for (const entry of Array.isArray(manifests) ? manifests.filter(isJson) : []) {
    const digest = parseDigest(entry.digest);
    const tag = isJson(entry.annotations) ? entry.annotations['org.opencontainers.image.ref.name'] : undefined;
    const bytes = readFileSync(blobFile(digest));
    tagged.set(String(tag), { mediaType: String(entry.mediaType), digest, bytes });
  }
  return {
    layout,
    blobFile,
    manifest: form => {
      const found = tagged.get(form);
      if (!found) throw new Error(`${layout} has no image ${form}`);
      return found;
    },
  };
}

/** The digests of config and layers. */
function blobsOf(manifest: StoredManifest): Digest[] {
  const { config, layers } = parseJson(manifest.bytes);
  const all: unknown[] = [config, ...(Array.isArray(layers) ? layers : [])];
  return all.filter(isJson).map(({ digest }) => parseDigest(digest));
}

/** Serves the forms from an embedded registry as tags of one repository, without reading the blobs into memory. */
export function putRealImage(store: RegistryStore, repository: string, image: RealImage, forms = REAL_FORMS): void {
  for (const form of forms) {
    const manifest = image.manifest(form);
    for (const digest of blobsOf(manifest)) store.putBlobFile(image.blobFile(digest), digest);
    store.putManifest(repository, manifest, form);
  }
}

/** Unpacks the image with umoci, as root: the truth to compare with. Gives the root folder of its file system. */
export async function unpackTruth(image: RealImage, bundle: string): Promise<string> {
  await run('umoci', ['unpack', '--image', `${image.layout}:gzip`, bundle]);
  return join(bundle, 'rootfs');
}
