import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestHex, parseDigest } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/mediaTypes.ts';
import { isJson, parseJson } from '../json.ts';
import { sha256 } from '../registry/store.ts';
import { run, skopeo } from '../run.ts';

/** Builds the real image; run as a program of its own by realImage.ts, in a mount namespace of its own: `node build.ts <folder>`. */

const RECIPE = import.meta.dirname;
const RECIPE_FILES = ['Containerfile', 'make-odd-files.sh', 'change-odd-files.sh'];

/** Builds into a folder that gets its name when all is done. */
async function build(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  // Images of older recipes are large, and nobody asks for them any more.
  for (const old of readdirSync(dirname(folder)).filter(name => /^real-image-[0-9a-f]{16}/.test(name))) {
    rmSync(join(dirname(folder), old), { recursive: true, force: true });
  }
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

/** debootstrap's minbase as an archive, kept for itself: it takes longest and changes least. */
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
  // A store of its own: nothing of the machine's containers is touched.
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

/** skopeo writes plain layers and Docker manifests into its own kind of folder alone; their files move into the layout. */
async function addFromFolder(work: string, source: string, tag: string, options: readonly string[]): Promise<void> {
  const folder = join(work, tag);
  await skopeo(['copy', '-q', ...options, source, `dir:${folder}`], work);
  const bytes = readFileSync(join(folder, 'manifest.json'));
  const digest = sha256(bytes);
  const layout = join(work, 'layout');
  // An OCI manifest need not tell its own type.
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
