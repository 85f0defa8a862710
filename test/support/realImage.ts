import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../src/oci/digest.ts';
import { digestHex, parseDigest } from '../../src/oci/digest.ts';
import { cacheFolder } from '../rig/paths.ts';
import { isJson, parseJson } from './json.ts';
import type { RegistryStore, StoredManifest } from './registry/store.ts';
import { run } from './run.ts';
import { firstOf, requireRoot, requireTool } from './tools.ts';

/**
 * The image's forms: OCI with four compressions (`chunked` is zstd:chunked), and Docker schema 2.
 */
export const REAL_FORMS = ['gzip', 'zstd', 'chunked', 'plain', 'docker'] as const;
export type RealForm = (typeof REAL_FORMS)[number];

/**
 * A Debian image of several layers, made by debootstrap and buildah, with unusual files under
 * `/odd`.
 */
export interface RealImage {
  /** An OCI layout folder with one tag per form. */
  readonly layout: string;
  manifest(form: RealForm): StoredManifest;
  /** The file of a blob named by one of the manifests. */
  blobFile(digest: Digest): string;
}

const RECIPE = join(import.meta.dirname, 'realImage');

/** Returns why the image can't be built here, or false. */
export function requireRealImage(): false | string {
  return firstOf(requireRoot(), requireTool('debootstrap', 'buildah', 'skopeo', 'umoci', 'unshare', 'flock', 'tar'));
}

/**
 * Builds the image unless the cache, which all clones on this machine share, has one of the same
 * recipe. Takes minutes the first time.
 */
export async function realImage(): Promise<RealImage> {
  const key = createHash('sha256');
  for (const name of readdirSync(RECIPE).toSorted()) key.update(name).update(readFileSync(join(RECIPE, name)));
  const cache = cacheFolder();
  const folder = join(cache, `real-image-${key.digest('hex').slice(0, 16)}`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(folder)) {
    // Two test files may need it at once: the second waits for the first.
    // buildah leaves its store mounted, so the builder gets its own mount namespace.
    const namespace = ['unshare', '--mount', '--propagation', 'private'];
    const builder = [process.execPath, join(RECIPE, 'build.ts'), folder];
    await run('flock', [join(cache, 'real-image.lock'), ...namespace, ...builder]);
    rmSync(`${folder}.building`, { recursive: true, force: true });
  }
  return openRealImage(join(folder, 'layout'));
}

/** Starts building the image, so that it is ready sooner for the tests that wait for it. */
export function buildRealImageAhead(): void {
  try {
    if (requireRealImage() !== false) return;
  } catch {
    return; // The tests report what is missing.
  }
  realImage().catch(() => undefined);
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

/** Returns the digests of config and layers. */
function blobsOf(manifest: StoredManifest): Digest[] {
  const { config, layers } = parseJson(manifest.bytes);
  const all: unknown[] = [config, ...(Array.isArray(layers) ? layers : [])];
  return all.filter(isJson).map(({ digest }) => parseDigest(digest));
}

/**
 * Adds each form to an embedded registry as a tag of one repository, without reading blobs into
 * memory.
 */
export function putRealImage(store: RegistryStore, repository: string, image: RealImage, forms = REAL_FORMS): void {
  for (const form of forms) {
    const manifest = image.manifest(form);
    for (const digest of blobsOf(manifest)) store.putBlobFile(image.blobFile(digest), digest);
    store.putManifest(repository, manifest, form);
  }
}

/**
 * Unpacks the image with umoci, as root, for comparison. Returns the folder of its root file
 * system.
 */
export async function unpackTruth(image: RealImage, bundle: string): Promise<string> {
  await run('umoci', ['unpack', '--image', `${image.layout}:gzip`, bundle]);
  return join(bundle, 'rootfs');
}
