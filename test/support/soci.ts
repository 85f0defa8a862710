import { Builder } from 'flatbuffers';
import { InflateEngine } from '../../src/layers/compression/inflate/engine.ts';
import { GzipInflater, type GzipPoint } from '../../src/layers/compression/inflate/inflate.ts';
import type { TarEntry } from '../../src/layers/tar/tarEntry.ts';
import { TarReader } from '../../src/layers/tar/tarReader.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { OCI_MANIFEST } from '../../src/oci/mediaTypes.ts';
import type { BuiltLayer } from './image.ts';
import { type Content, sha256 } from './registry/store.ts';

const WINDOW = 32_768;
const TYPES: Readonly<Record<string, string>> = { file: 'reg', directory: 'dir' };

/** Deviations from what soci-snapshotter writes. */
export interface ZtocOptions {
  /** The minimum distance between checkpoints in bytes of the archive; soci's default is 4 MiB. */
  readonly spanSize?: number;
  /** As version 0.1 of the tool wrote it: without the first checkpoint. */
  readonly firstVersion?: boolean;
  /** As later versions of the tool count: a byte shared by two spans belongs only to the second. */
  readonly shortSpans?: boolean;
  readonly forge?: (file: ZtocFile, at: number) => ZtocFile;
}

/** An entry of a zTOC. */
export interface ZtocFile {
  readonly entry: TarEntry;
  readonly offset: number;
  readonly size: number;
}

/**
 * Builds the zTOC of a gzip layer (soci-snapshotter, ztoc/fbs/ztoc.fbs and
 * ztoc/compression/gzip_zinfo.c).
 */
export function ztocOf(layer: BuiltLayer, options: ZtocOptions = {}): Buffer {
  const files = filesOf(layer.tar).map((file, at) => options.forge?.(file, at) ?? file);
  const points = checkpoints(layer.blob, options.spanSize ?? 4 << 20);
  const digests = points.map(({ whole, bits }, at) => {
    const next = points[at + 1];
    const end = next ? next.whole - (options.shortSpans && next.bits > 0 ? 1 : 0) : layer.blob.length;
    return sha256(layer.blob.subarray(bits > 0 ? whole - 1 : whole, end));
  });
  const builder = new Builder(1024);
  const text = (value: string | Uint8Array): number => builder.createString(value);
  const tables = files.map(file => fileTable(builder, file));
  const metadata = vector(builder, tables);
  builder.startObject(1);
  builder.addFieldOffset(0, metadata, 0);
  const toc = builder.endObject();
  const packed = builder.createByteVector(pack(points, options.spanSize ?? 4 << 20, options.firstVersion ? 1 : 0));
  const spanDigests = vector(builder, digests.map(text));
  builder.startObject(4);
  builder.addFieldInt32(1, points.length - 1, 0);
  builder.addFieldOffset(2, spanDigests, 0);
  builder.addFieldOffset(3, packed, 0);
  builder.addFieldInt8(0, 1, 1);
  const compression = builder.endObject();
  const [version, tool] = [text('0.9'), text('Peel tests')];
  builder.startObject(6);
  builder.addFieldOffset(0, version, 0);
  builder.addFieldOffset(1, tool, 0);
  builder.addFieldInt64(2, BigInt(layer.blob.length), 0n);
  builder.addFieldInt64(3, BigInt(layer.tar.length), 0n);
  builder.addFieldOffset(4, toc, 0);
  builder.addFieldOffset(5, compression, 0);
  builder.finish(builder.endObject());
  return Buffer.from(builder.asUint8Array());
}

function filesOf(tar: Buffer): ZtocFile[] {
  const files: ZtocFile[] = [];
  const reader: TarReader = new TarReader({
    entry: entry => void files.push({ entry, offset: reader.position, size: entry.size }),
    data() {},
    endEntry() {},
  });
  reader.write(tar);
  return files;
}

function fileTable(builder: Builder, { entry, offset, size }: ZtocFile): number {
  const texts = [entry.path, TYPES[entry.type] ?? entry.type].map(value => builder.createString(value));
  const linkname = builder.createString(entry.linkname);
  const time = builder.createString(new Date(entry.mtime * 1000).toISOString().replace('.000', ''));
  const records = [...(entry.xattrs ?? [])].map(([name, value]) => {
    const [key, content] = [builder.createString(`SCHILY.xattr.${name}`), builder.createString(value)];
    builder.startObject(2);
    builder.addFieldOffset(0, key, 0);
    builder.addFieldOffset(1, content, 0);
    return builder.endObject();
  });
  const xattrs = vector(builder, records);
  builder.startObject(14);
  builder.addFieldOffset(0, texts[0] ?? 0, 0);
  builder.addFieldOffset(1, texts[1] ?? 0, 0);
  builder.addFieldInt64(2, BigInt(offset), 0n);
  builder.addFieldInt64(3, BigInt(size), 0n);
  builder.addFieldOffset(4, linkname, 0);
  builder.addFieldInt64(5, BigInt(entry.mode), 0n);
  builder.addFieldInt32(6, entry.uid, 0);
  builder.addFieldInt32(7, entry.gid, 0);
  builder.addFieldOffset(10, time, 0);
  builder.addFieldInt64(11, BigInt(entry.devMajor), 0n);
  builder.addFieldInt64(12, BigInt(entry.devMinor), 0n);
  builder.addFieldOffset(13, xattrs, 0);
  return builder.endObject();
}

function vector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

interface Checkpoint {
  /** The offset of the first byte that belongs wholly to the span. */
  readonly whole: number;
  readonly out: number;
  /** The number of bits of the preceding byte that belong to the span, too. */
  readonly bits: number;
  readonly window: Buffer;
}

function checkpoints(blob: Buffer, every: number): Checkpoint[] {
  const engine = InflateEngine.load();
  if (!engine) throw new Error('no WebAssembly here');
  // The header that zlib writes has ten bytes.
  const points: Checkpoint[] = [{ whole: 10, out: 0, bits: 0, window: Buffer.alloc(WINDOW) }];
  const onBlock = (point: GzipPoint): void => {
    const whole = Math.ceil(point.in / 8);
    const window = Buffer.alloc(WINDOW);
    window.set(point.window, WINDOW - point.window.length);
    points.push({ whole, out: point.out, bits: whole * 8 - point.in, window });
  };
  const inflater = new GzipInflater(engine, { write: () => undefined }, { report: { every, onBlock } });
  inflater.write(blob);
  inflater.end();
  return points;
}

function pack(points: readonly Checkpoint[], spanSize: number, from: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeInt32LE(points.length);
  head.writeBigInt64LE(BigInt(spanSize), 4);
  const records = points.slice(from).map(({ whole, out, bits, window }) => {
    const fixed = Buffer.alloc(17);
    fixed.writeBigInt64LE(BigInt(whole));
    fixed.writeBigInt64LE(BigInt(out), 8);
    fixed[16] = bits;
    return Buffer.concat([fixed, window]);
  });
  return Buffer.concat([head, ...records]);
}

/**
 * Builds a SOCI index as `soci create` does: zTOCs in place of layers, and in the format's first
 * version the image that it belongs to.
 */
export function sociIndex(
  ztocs: readonly (readonly [layer: BuiltLayer, ztoc: Buffer])[],
  subject?: Descriptor,
): Content & { readonly descriptor: Descriptor } {
  const version = subject ? 'v1' : 'v2';
  const artifactType = `application/vnd.amazon.soci.index.${version}+json`;
  const empty = Buffer.from('{}');
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType,
      config: { mediaType: artifactType, digest: sha256(empty), size: empty.length },
      layers: ztocs.map(([{ digest }, ztoc]) => ({
        mediaType: 'application/octet-stream',
        digest: sha256(ztoc),
        size: ztoc.length,
        annotations: {
          'com.amazon.soci.image-layer-digest': digest,
          'com.amazon.soci.image-layer-mediaType': 'application/vnd.oci.image.layer.v1.tar+gzip',
        },
      })),
      ...(subject ? { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } } : {}),
      annotations: { 'com.amazon.soci.build-tool-identifier': 'AWS SOCI CLI v0.2' },
    }),
  );
  const digest = sha256(bytes);
  return {
    mediaType: OCI_MANIFEST,
    bytes,
    digest,
    blobs: [empty, ...ztocs.map(([, ztoc]) => ztoc)],
    descriptor: { mediaType: OCI_MANIFEST, digest, size: bytes.length, artifactType },
  };
}
