import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { digestHex, parseDigest } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/mediaTypes.ts';
import { isJson, parseJson } from '../json.ts';
import { sha256 } from '../registry/store.ts';
import { run, skopeo } from '../run.ts';

/**
 * Builds the real image: `node build.ts <folder>`. realImage.ts runs this in its own mount
 * namespace.
 */

const RECIPE = import.meta.dirname;
const RECIPE_FILES = ['Containerfile', 'make-odd-files.sh', 'change-odd-files.sh'];

/**
 * Builds the image; the folder gets its name last, so an interrupted build is not mistaken for a
 * whole one.
 */
async function build(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  removeOldImages(dirname(folder));
  const work = `${folder}.building`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'context'), { recursive: true });
  cpSync(await debian(dirname(folder)), join(work, 'context/base.tar'));
  for (const name of RECIPE_FILES) cpSync(join(RECIPE, name), join(work, 'context', name));
  await buildLayers(work);
  mkdirSync(`${folder}.new`);
  renameSync(join(work, 'layout'), join(`${folder}.new`, 'layout'));
  renameSync(`${folder}.new`, folder);
}

/** Images of older recipes are large. One made within a day may be in use by another clone. */
function removeOldImages(cache: string): void {
  const dayAgo = Date.now() - 86_400_000;
  for (const name of readdirSync(cache).filter(entry => /^real-image-[0-9a-f]{16}/.test(entry))) {
    const path = join(cache, name);
    if (statSync(path).mtimeMs < dayAgo) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Returns debootstrap's minbase as an archive, cached separately: it takes longest and changes
 * least.
 */
async function debian(cache: string): Promise<string> {
  const archive = join(cache, 'debian-bookworm-minbase.tar');
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
  // A separate store, so that the machine's own containers are not touched.
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'overlay'];
  const name = 'localhost/real:1';
  const isolation = ['--isolation', 'chroot', '--network', 'host', '--cap-add', 'CAP_MKNOD'];
  const context = ['-f', join(work, 'context/Containerfile'), join(work, 'context')];
  await run('buildah', [...store, 'bud', '-q', '--layers', ...isolation, '-t', name, ...context]);
  const source = `containers-storage:[overlay@${join(work, 'store')}+${join(work, 'run')}]${name}`;
  const layout = join(work, 'layout');
  const copy = async (tag: string, ...options: string[]): Promise<void> => {
    await skopeo(['copy', '-q', ...options, source, `oci:${layout}:${tag}`], work);
  };
  await copy('gzip', '--format', 'oci', '--dest-compress-format', 'gzip');
  await copy('zstd', '--format', 'oci', '--dest-compress-format', 'zstd');
  await copy('chunked', '--format', 'oci', '--dest-compress-format', 'zstd:chunked');
  await addFromFolder(work, source, 'plain', ['--format', 'oci', '--dest-decompress']);
  await addFromFolder(work, source, 'docker', ['--format', 'v2s2', '--dest-compress']);
}

/**
 * skopeo writes plain layers and Docker manifests only to its `dir:` format; this moves their files
 * into the layout.
 */
async function addFromFolder(work: string, source: string, tag: string, options: readonly string[]): Promise<void> {
  const folder = join(work, tag);
  await skopeo(['copy', '-q', ...options, source, `dir:${folder}`], work);
  const bytes = readFileSync(join(folder, 'manifest.json'));
  const digest = sha256(bytes);
  const layout = join(work, 'layout');
  // An OCI manifest may omit its media type.
  const { config, layers, mediaType = OCI_MANIFEST } = parseJson(bytes);
  const blobs: unknown[] = [config, ...(Array.isArray(layers) ? layers : [])];
  for (const blob of blobs.filter(isJson)) {
    const hex = digestHex(parseDigest(blob.digest));
    renameSync(join(folder, hex), join(layout, 'blobs/sha256', hex));
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

await build(process.argv[2] ?? '');
