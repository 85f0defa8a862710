import { closeSync, openSync, readSync } from 'node:fs';
import { Verifier } from '../blobs/verifier.ts';
import { MismatchError } from '../oci/mismatchErrors.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { errorCode } from '../oci/errorCode.ts';
import { StoredBlobError } from '../workers/layerErrors.ts';
import type { MergeMessage, StoredLayers } from './mergeJob.ts';

const CHUNK = 1 << 18;
/** Milliseconds between two progress messages. */
const PAUSE = 100;

/** Blobs in files, verified while they are read, since files on a disk can be changed. */
export class BlobFiles implements BlobSource {
  readonly #files: ReadonlyMap<string, { readonly path: string; readonly layer: number }>;
  readonly #send: (message: MergeMessage) => void;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #read = 0;
  #done = 0;
  #next = 0;

  constructor({ layers, blobs }: StoredLayers, send: (message: MergeMessage) => void) {
    this.#files = new Map(
      layers.map(({ descriptor, number }, at) => [descriptor.digest, { path: blobs[at] ?? '', layer: number }]),
    );
    this.#send = send;
  }

  /**
   * @throws {StoredBlobError} the file is missing or changed, whatever the sink throws; else what
   * the sink throws
   */
  async read(blob: Descriptor, from: number, sink: Sink): Promise<void> {
    if (from !== 0) throw new RangeError('blob files are read from the start only');
    const { path = '', layer = 0 } = this.#files.get(blob.digest) ?? {};
    const wrong = (problem: 'missing' | 'damaged', cause: unknown): StoredBlobError =>
      new StoredBlobError(layer, blob.digest, path, problem, { cause });
    let file;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw errorCode(error) === 'ENOENT' ? wrong('missing', error) : error;
    }
    try {
      this.#pass(blob, file, sink);
    } catch (error) {
      const changed = error instanceof MismatchError;
      throw changed ? wrong('damaged', error) : error;
    } finally {
      closeSync(file);
    }
    this.#done += 1;
  }

  #pass(blob: Descriptor, file: number, sink: Sink): void {
    const verifier = new Verifier(blob.digest, blob.size);
    let refused: Error | undefined;
    for (let count = readSync(file, this.#buffer); count > 0; count = readSync(file, this.#buffer)) {
      const chunk = this.#buffer.subarray(0, count);
      verifier.write(chunk);
      // Only the end of the file shows whether the layer is malformed or the file was changed.
      refused ??= refusalOf(sink, chunk);
      this.#report(count);
    }
    verifier.end();
    if (refused) throw refused;
  }

  readRange(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  #report(count: number): void {
    this.#read += count;
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + PAUSE;
    this.#send({ type: 'progress', read: this.#read, layersDone: this.#done });
  }
}

/** Returns the sink's objection to the bytes. Throws system errors at once, such as a full disk. */
function refusalOf(sink: Sink, chunk: Uint8Array): Error | undefined {
  try {
    sink.write(chunk);
    return undefined;
  } catch (error) {
    if (error instanceof Error && errorCode(error) === undefined) return error;
    throw error;
  }
}
