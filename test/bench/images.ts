import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { Digest } from '../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../src/oci/mediaTypes.ts';
import { cacheFolder } from '../rig/paths.ts';
import type { Compression } from '../support/compress.ts';
import { Pusher } from '../support/push.ts';
import { directory, encodeEntry, file, hardlink, symlink, whiteout, type Entry } from '../support/tar.ts';
import { Chance, Content } from './content.ts';

/** An image that the bench pulls. */
export interface BenchImage {
  readonly name: ImageName;
  readonly compression: Compression;
  /** Base first. */
  readonly layers: readonly BenchLayer[];
  /** A file of the last layer: once it exists, everything does. */
  readonly lastFile: string;
}

export interface BenchLayer {
  /** The blob. */
  readonly file: string;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  readonly tarSize: number;
  readonly entries: number;
}

/** Increment when the content created below changes, so that older images are not reused. */
const RECIPE = 3;

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Image sizes, one number per layer: bytes of files, the approximate length of a file, and the
 * maximum number of files.
 */
interface Shape {
  readonly what: string;
  readonly layers: readonly { readonly bytes: number; readonly median: number; readonly files: number }[];
}

const shapes = {
  small: { what: 'one layer of 4 MB, like busybox', layers: [{ bytes: 4 * MIB, median: 40 * KIB, files: 60 }] },
  // As large, and with as many files, as a real Debian with Python and a database: 350 MB of gzip
  // in eight layers, 923 MB of tar, 35,400 entries.
  debian: {
    what: 'eight layers, like a Debian with a programming language and its packages',
    layers: [250, 200, 150, 110, 90, 60, 40, 23].map(size => ({ bytes: size * MIB, median: 4200, files: Infinity })),
  },
  huge: { what: 'one layer of few files', layers: [{ bytes: 1100 * MIB, median: 16 * MIB, files: 80 }] },
  files: { what: 'one layer of 100,000 small files', layers: [{ bytes: Infinity, median: 250, files: 100_000 }] },
  layers: {
    what: '60 layers',
    layers: Array.from({ length: 60 }, () => ({ bytes: 2 * MIB, median: 4 * KIB, files: 300 })),
  },
  // For pulls over links.
  'link-1': { what: 'one layer', layers: [{ bytes: 257 * MIB, median: 16 * KIB, files: Infinity }] },
  'link-8': {
    what: 'eight layers',
    layers: [60, 40, 30, 20, 12, 8, 4, 2].map(size => ({ bytes: size * MIB, median: 4200, files: Infinity })),
  },
  'link-40': {
    what: '40 layers',
    layers: Array.from({ length: 40 }, () => ({ bytes: 1150 * KIB, median: 4 * KIB, files: 300 })),
  },
  'link-127': {
    what: '127 layers',
    layers: Array.from({ length: 127 }, () => ({ bytes: 400 * KIB, median: 4 * KIB, files: 300 })),
  },
} as const satisfies Record<string, Shape>;

export type ImageName = keyof typeof shapes;

export const imageNames: readonly ImageName[] = [
  'small',
  'debian',
  'huge',
  'files',
  'layers',
  'link-1',
  'link-8',
  'link-40',
  'link-127',
];

/** Returns one line about an image. */
export function describeImage({ name, layers, compression }: BenchImage): string {
  const sum = (of: (layer: BenchLayer) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  const size = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const blobs = compression === 'none' ? 'uncompressed' : `${size(sum(layer => layer.size))} as ${compression}`;
  return `${shapes[name].what}: ${blobs}, ${size(sum(layer => layer.tarSize))} of tar, ${sum(layer => layer.entries).toLocaleString('en')} entries`;
}

/**
 * Creates an image in the cache folder unless it is there. The content is the same on every
 * machine; takes a minute the first time.
 */
export async function benchImage(name: ImageName, compression: Compression): Promise<BenchImage> {
  const folder = join(cacheFolder(), `bench-${RECIPE}`, `${name}-${compression}`);
  const index = join(folder, 'image.json');
  if (!existsSync(index)) {
    console.error(`Making the image ${name} (${compression}) in ${folder} …`);
    const partial = `${folder}.${process.pid}`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const image = await make(name, compression, partial);
    writeFileSync(join(partial, 'image.json'), JSON.stringify(image));
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  }
  const image = JSON.parse(readFileSync(index, 'utf8')) as BenchImage;
  return { ...image, layers: image.layers.map(layer => ({ ...layer, file: join(folder, layer.file) })) };
}

/**
 * Puts an image into a registry under its name and compression.
 * @param ca the PEM of the registry's authority
 */
export async function pushBenchImage(url: string, image: BenchImage, ca?: string): Promise<void> {
  const config = Buffer.from(
    JSON.stringify({
      created: '2024-01-01T00:00:00Z',
      architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch,
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: image.layers.map(layer => layer.diffId) },
    }),
  );
  const mediaType = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER }[image.compression];
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: `sha256:${sha256(config)}`, size: config.length },
      layers: image.layers.map(({ digest, size }) => ({ mediaType, digest, size })),
    }),
  );
  const pusher = new Pusher({ url }, ca === undefined ? {} : { ca });
  try {
    await pusher.blob(image.name, config);
    for (const layer of image.layers) await pusher.blob(image.name, layer);
    await pusher.manifest(image.name, image.compression, { mediaType: OCI_MANIFEST, bytes: manifest });
  } finally {
    await pusher.close();
  }
}

async function make(name: ImageName, compression: Compression, folder: string): Promise<BenchImage> {
  const layers: BenchLayer[] = [];
  const content = new Content(imageNames.indexOf(name));
  let lastFile = '';
  for (const [at, shape] of shapes[name].layers.entries()) {
    const counts = { entries: 0 };
    const pieces = function* (): Generator<Buffer> {
      for (const entry of entriesOf(at, shape, content)) {
        counts.entries += 1;
        if (entry.type === undefined && entry.body?.length) lastFile = String(entry.path);
        yield encodeEntry(entry);
      }
      yield Buffer.alloc(1024);
    };
    const file = join(folder, String(at));
    const written = await writeLayer(file, chunks(pieces()), compression);
    layers.push({ ...written, file: String(at), entries: counts.entries });
  }
  return { name, compression, layers, lastFile };
}

function* entriesOf(
  layer: number,
  { bytes, median, files }: Shape['layers'][number],
  content: Content,
): Generator<Entry> {
  const chance = new Chance(layer * 7919 + files);
  const root = 'usr/share/';
  yield directory('usr/');
  yield directory(root);
  // Layers above the third delete a file of the layer below, as package managers do.
  if (layer > 2) yield whiteout(`${root}package-${layer - 1}-0/file-1`);
  for (let made = 0, written = 0, folder = 0; written < bytes && made < files; folder++) {
    const path = `${root}package-${layer}-${folder}/`;
    yield directory(path);
    yield directory(`${path}doc/`);
    for (let name = 0; name < 24 && written < bytes && made < files; name++, made++) {
      const size = Math.min(
        16 * MIB,
        Math.max(1, Math.floor(median * Math.exp(chance.normal() * (files < 100 ? 0.3 : 2)))),
      );
      yield file(`${path}${name % 3 === 0 ? 'doc/' : ''}file-${name}`, content.file(size), {
        mode: name % 5 === 0 ? 0o755 : 0o644,
      });
      written += size;
      if (name === 20) yield symlink(`${path}link`, 'file-1');
      if (name === 22 && folder % 4 === 0) yield hardlink(`${path}same`, `${path}file-1`);
    }
  }
}

/** Combines many small chunks into few large ones. */
function* chunks(pieces: Iterable<Buffer>): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < MIB) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  yield Buffer.concat(waiting);
}

async function writeLayer(
  path: string,
  tar: Iterable<Buffer>,
  compression: Compression,
): Promise<Pick<BenchLayer, 'digest' | 'diffId' | 'size' | 'tarSize'>> {
  const before = new Counter();
  const after = new Counter();
  const compressors = {
    gzip: () => [createGzip({ level: 6 })],
    zstd: () => [createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } })],
    none: () => [],
  };
  await pipeline([Readable.from(tar), before, ...compressors[compression](), after, createWriteStream(path)]);
  return { diffId: before.digest(), tarSize: before.size, digest: after.digest(), size: after.size };
}

/** Hashes and counts the bytes that pass through. */
class Counter extends Transform {
  size = 0;
  readonly #hash = createHash('sha256');

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.size += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
