import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../src/oci/digest.ts';
import { digestHex, parseDigest } from '../../src/oci/digest.ts';
import { isJson, parseJson } from './json.ts';
import { pushMultiArch, Pusher, type PushOptions, type PushTarget } from './push.ts';
import type { RegistryStore, StoredManifest } from './registry/store.ts';
import { run, skopeo } from './run.ts';
import { firstOf, requireRoot, requireTool } from './tools.ts';

/** The forms in which the image is kept: OCI with three compressions, and Docker schema 2. */
export const REAL_FORMS = ['gzip', 'zstd', 'plain', 'docker'] as const;
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
const RECIPE_FILES = ['Containerfile', 'make-odd-files.sh', 'change-odd-files.sh'];
const CACHE = process.env.PEEL_TEST_CACHE ?? join(import.meta.dirname, '../../.cache');

/** The reason why the image can't be built here, or false. */
export function requireRealImage(): false | string {
  return firstOf(requireRoot(), requireTool('debootstrap', 'buildah', 'skopeo', 'umoci', 'unshare', 'tar'));
}

/** Builds the image, or takes it from the cache: it is built again only when its recipe changed. Takes minutes the first time. */
export async function realImage(): Promise<RealImage> {
  const recipe = RECIPE_FILES.map(name => readFileSync(join(RECIPE, name))).concat(readFileSync(import.meta.filename));
  const key = createHash('sha256').update(Buffer.concat(recipe)).digest('hex').slice(0, 16);
  const folder = join(CACHE, `real-image-${key}`);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(folder)) {
    // Two test files may want it at once: the second one waits for the first.
    await run('flock', [join(CACHE, 'real-image.lock'), process.execPath, import.meta.filename, folder]);
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

/** Pushes the forms into a real registry as tags of one repository; with `gzip` among them also `multi`, an index of two platforms. */
export async function pushRealImage(
  target: PushTarget,
  repository: string,
  image: RealImage,
  options: PushOptions & { readonly forms?: readonly RealForm[] } = {},
): Promise<void> {
  const { forms = REAL_FORMS } = options;
  const pusher = new Pusher(target, options);
  try {
    for (const form of forms) {
      const manifest = image.manifest(form);
      for (const digest of blobsOf(manifest)) await pusher.blob(repository, { file: image.blobFile(digest), digest });
      await pusher.manifest(repository, form, manifest);
    }
  } finally {
    await pusher.close();
  }
  if (forms.includes('gzip')) await pushMultiArch(target, repository, 'gzip', 'multi', options);
}

/** Unpacks the image with umoci, as root: the truth to compare with. Gives the root folder of its file system. */
export async function unpackTruth(image: RealImage, bundle: string): Promise<string> {
  await run('umoci', ['unpack', '--image', `${image.layout}:gzip`, bundle]);
  return join(bundle, 'rootfs');
}

/** Builds into a folder that gets its name when all is done. */
async function build(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const work = `${folder}.building`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'context'), { recursive: true });
  try {
    cpSync(await debian(), join(work, 'context/base.tar'));
    for (const name of RECIPE_FILES) cpSync(join(RECIPE, name), join(work, 'context', name));
    await buildLayers(work);
    rmSync(join(work, 'context'), { recursive: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** debootstrap's minbase as an archive, kept for itself: it takes longest and changes least. */
async function debian(): Promise<string> {
  const archive = join(CACHE, 'debian-bookworm-minbase.tar');
  if (existsSync(archive)) return archive;
  const root = `${archive}.root`;
  rmSync(root, { recursive: true, force: true });
  await run('debootstrap', ['--variant=minbase', 'bookworm', root]);
  await run('tar', ['-C', root, '--numeric-owner', '--xattrs', '--xattrs-include=*', '-cf', `${archive}.new`, '.']);
  rmSync(root, { recursive: true, force: true });
  renameSync(`${archive}.new`, archive);
  return archive;
}

async function buildLayers(work: string): Promise<void> {
  // A store of its own: nothing of the machine's containers is touched.
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'overlay'];
  const name = 'localhost/real:1';
  const isolation = ['--isolation', 'chroot', '--network', 'host'];
  const context = ['-f', join(work, 'context/Containerfile'), join(work, 'context')];
  await run('buildah', [...store, 'bud', '-q', '--layers', ...isolation, '-t', name, ...context]);
  const source = `containers-storage:[overlay@${join(work, 'store')}+${join(work, 'run')}]${name}`;
  const layout = join(work, 'layout');
  const copy = async (tag: RealForm, ...options: string[]): Promise<void> => {
    await skopeo(['copy', '-q', ...options, source, `oci:${layout}:${tag}`], work);
  };
  await copy('gzip', '--format', 'oci', '--dest-compress-format', 'gzip');
  await copy('zstd', '--format', 'oci', '--dest-compress-format', 'zstd');
  await addFromFolder(work, source, 'plain', ['--format', 'oci', '--dest-decompress']);
  await addFromFolder(work, source, 'docker', ['--format', 'v2s2', '--dest-compress']);
  await run('buildah', [...store, 'rmi', '--all', '--force']);
  for (const folder of ['store', 'run']) rmSync(join(work, folder), { recursive: true, force: true });
}

/** skopeo writes plain layers and Docker manifests into its own kind of folder alone; their files move into the layout. */
async function addFromFolder(work: string, source: string, tag: RealForm, options: readonly string[]): Promise<void> {
  const folder = join(work, tag);
  await skopeo(['copy', '-q', ...options, source, `dir:${folder}`], work);
  const bytes = readFileSync(join(folder, 'manifest.json'));
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const mediaType = String(parseJson(bytes).mediaType);
  const layout = join(work, 'layout');
  for (const blob of blobsOf({ bytes, digest, mediaType })) {
    renameSync(join(folder, digestHex(blob)), join(layout, 'blobs/sha256', digestHex(blob)));
  }
  writeFileSync(join(layout, 'blobs/sha256', digestHex(digest)), bytes);
  const indexFile = join(layout, 'index.json');
  const index = parseJson(readFileSync(indexFile));
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  const entry = { mediaType, digest, size: bytes.length, annotations };
  const manifests: unknown[] = Array.isArray(index.manifests) ? index.manifests : [];
  writeFileSync(indexFile, JSON.stringify({ ...index, manifests: [...manifests, entry] }));
  rmSync(folder, { recursive: true });
}

if (process.argv[1] === import.meta.filename) await build(process.argv[2] ?? '');
