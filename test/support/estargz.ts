import { gzipSync } from 'node:zlib';
import { layer, type BuiltLayer } from './image.ts';
import { sha256 } from './registry/store.ts';
import { encodeEntry, file, FIXED_TIME, type Entry } from './tar.ts';

const TYPES: Readonly<Record<string, string>> = {
  file: 'reg',
  directory: 'dir',
  symlink: 'symlink',
  hardlink: 'hardlink',
  char: 'char',
  block: 'block',
};

export interface EstargzOptions {
  /** The number of content bytes per stream. */
  readonly chunkSize?: number;
  /** Changes the table of contents after its digest has been computed. */
  readonly forge?: (json: string) => string;
}

/**
 * Builds an eStargz layer (stargz-snapshotter, docs/estargz.md): each file's content starts a gzip
 * stream; the table of contents and a footer come last.
 */
export function estargz(entries: readonly Entry[], { chunkSize = 1 << 20, forge }: EstargzOptions = {}): BuiltLayer {
  const blob: Buffer[] = [];
  const archive: Buffer[] = [];
  let length = 0;
  let pending: Buffer[] = [];
  const flush = (): void => {
    const plain = Buffer.concat(pending);
    pending = [];
    if (plain.length === 0) return;
    archive.push(plain);
    blob.push(gzipSync(plain));
    length += blob.at(-1)?.length ?? 0;
  };
  const table: object[] = [];
  for (const entry of entries) {
    const encoded = encodeEntry(entry);
    const body = Buffer.from(entry.body ?? '');
    const common = {
      name: String(entry.path),
      type: TYPES[entry.type ?? 'file'],
      modtime: new Date((entry.mtime ?? FIXED_TIME) * 1000).toISOString(),
      mode: entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644),
      uid: entry.uid ?? 0,
      gid: entry.gid ?? 0,
      ...(entry.linkpath === undefined ? {} : { linkName: String(entry.linkpath) }),
      ...(entry.major === undefined ? {} : { devMajor: entry.major, devMinor: entry.minor ?? 0 }),
      ...(entry.xattrs === undefined ? {} : { xattrs: base64(entry.xattrs) }),
    };
    const stored = Math.ceil(body.length / 512) * 512;
    pending.push(encoded.subarray(0, encoded.length - stored));
    const chunks: object[] = [];
    for (let at = 0; at < body.length; at += chunkSize) {
      flush();
      const chunk = body.subarray(at, at + chunkSize);
      const whole = body.length <= chunkSize;
      chunks.push({
        offset: length,
        ...(whole ? {} : { chunkOffset: at, chunkSize: chunk.length }),
        chunkDigest: sha256(chunk),
      });
      pending.push(chunk);
    }
    pending.push(Buffer.alloc(stored - body.length));
    const [first, ...rest] = chunks;
    table.push({ ...common, ...(body.length > 0 ? { size: body.length, digest: sha256(body) } : {}), ...first });
    for (const chunk of rest) table.push({ name: common.name, type: 'chunk', ...chunk });
  }
  flush();
  const json = JSON.stringify({ version: 1, entries: table });
  const tocOffset = length;
  pending.push(encodeEntry(file('stargz.index.json', forge?.(json) ?? json)), Buffer.alloc(1024));
  flush();
  blob.push(estargzFooter(tocOffset));
  return layer(Buffer.concat(archive), {
    blob: Buffer.concat(blob),
    annotations: { 'containerd.io/snapshot/stargz/toc.digest': sha256(json) },
  });
}

function base64(values: NonNullable<Entry['xattrs']>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
}

/** An empty gzip stream of 51 bytes whose header records where the table of contents is. */
export function estargzFooter(offset: number): Buffer {
  const field = Buffer.from(`SG\x16\0${offset.toString(16).padStart(16, '0')}STARGZ`, 'latin1');
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, field.length, 0]);
  return Buffer.concat([header, field, Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])]);
}
