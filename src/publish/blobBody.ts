import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Verifier } from '../blobs/verifier.ts';
import type { BlobSource } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobBody } from '../registry/api/blobUpload.ts';

/** Bytes read at a time. One piece is read while the one before it is being sent. */
const PIECE = 4 << 20;

/** Lets a blob be sent from where it is, without storing it. */
export async function withBlobBody<T>(
  source: BlobSource,
  blob: Descriptor,
  signal: AbortSignal,
  use: (body: BlobBody) => Promise<T>,
): Promise<T> {
  const body = new Pieces(source, blob, signal);
  try {
    return await use(body);
  } finally {
    await body.close();
  }
}

/**
 * A blob read in pieces, at the pace of its receiver. Whatever is read in order from the start is
 * hashed; the last piece is only passed on when the digest is right, so no receiver ever completes
 * a damaged blob.
 */
class Pieces implements BlobBody {
  readonly digest: Digest;
  readonly size: number;
  readonly #source: BlobSource;
  readonly #blob: Descriptor;
  readonly #signal: AbortSignal;
  #verifier: Verifier | undefined;
  #copy: Promise<Copy> | undefined;

  constructor(source: BlobSource, blob: Descriptor, signal: AbortSignal) {
    this.digest = blob.digest;
    this.size = blob.size;
    this.#source = source;
    this.#blob = blob;
    this.#signal = signal;
  }

  async *read(from: number, to: number): AsyncGenerator<Uint8Array> {
    const verifier = this.#verifierAt(from);
    this.#verifier = verifier;
    let next = from < to ? this.#piece(from, to) : undefined;
    for (let at = from; next;) {
      const bytes = await next;
      at += bytes.length;
      next = at < to ? this.#piece(at, to) : undefined;
      // Awaited only if the receiver takes it.
      next?.catch(() => undefined);
      verifier?.write(bytes);
      if (at === this.size) verifier?.end();
      yield bytes;
    }
  }

  async close(): Promise<void> {
    await (await this.#copy?.catch(() => undefined))?.remove();
  }

  /** A part that doesn't follow what was hashed can't be verified here; its receiver does. */
  #verifierAt(from: number): Verifier | undefined {
    if (from === 0) return new Verifier(this.digest, this.size);
    return this.#verifier?.count === from ? this.#verifier : undefined;
  }

  async #piece(from: number, to: number): Promise<Uint8Array> {
    const end = Math.min(to, from + PIECE);
    const bytes = this.#copy ? undefined : await this.#source.readRange(this.#blob, from, end, this.#signal);
    if (bytes && bytes.length === end - from) return bytes;
    this.#copy ??= copyOf(this.#source, this.#blob, this.#signal);
    return (await this.#copy).read(from, end);
  }
}

/** A blob in a temporary file, for sources that don't deliver parts. */
interface Copy {
  read(from: number, to: number): Promise<Uint8Array>;
  remove(): Promise<void>;
}

async function copyOf(source: BlobSource, blob: Descriptor, signal: AbortSignal): Promise<Copy> {
  const folder = await mkdtemp(join(tmpdir(), 'peel-'));
  let file: FileHandle | undefined;
  const remove = async (): Promise<void> => {
    await file?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const opened = await open(join(folder, 'blob'), 'wx+', 0o600);
    file = opened;
    const verifier = new Verifier(blob.digest, blob.size);
    const write = (chunk: Uint8Array): void => {
      verifier.write(chunk);
      for (let at = 0; at < chunk.length;) at += writeSync(opened.fd, chunk, at);
    };
    await source.read(blob, 0, { write }, signal);
    verifier.end();
    const read = async (from: number, to: number): Promise<Uint8Array> => {
      const { buffer, bytesRead } = await opened.read(Buffer.allocUnsafe(to - from), 0, to - from, from);
      return buffer.subarray(0, bytesRead);
    };
    return { read, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
