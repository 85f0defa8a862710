import { closeSync, openSync, readSync } from 'node:fs';
import { Verifier } from '../blobs/verifier.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { MergeMessage, StoredLayers } from './mergeJob.ts';

const CHUNK = 1 << 18;
/** Milliseconds between two messages. */
const PAUSE = 100;

/** Blobs as files, verified while they are read: what lies on a disk may have been changed. */
export class BlobFiles implements BlobSource {
  readonly #files: ReadonlyMap<string, string>;
  readonly #say: (message: MergeMessage) => void;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #read = 0;
  #done = 0;
  #next = 0;

  constructor({ layers, blobs }: StoredLayers, say: (message: MergeMessage) => void) {
    this.#files = new Map(layers.map(({ descriptor }, at) => [descriptor.digest, blobs[at] ?? '']));
    this.#say = say;
  }

  async read(blob: Descriptor, from: number, sink: Sink): Promise<void> {
    if (from !== 0) throw new RangeError('a blob is read from its beginning here');
    const verifier = new Verifier(blob.digest, blob.size);
    const file = openSync(this.#files.get(blob.digest) ?? '', 'r');
    try {
      for (let count = readSync(file, this.#buffer); count > 0; count = readSync(file, this.#buffer)) {
        const chunk = this.#buffer.subarray(0, count);
        verifier.write(chunk);
        sink.write(chunk);
        this.#tell(count);
      }
      verifier.end();
      this.#done += 1;
    } finally {
      closeSync(file);
    }
  }

  readRange(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  #tell(count: number): void {
    this.#read += count;
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + PAUSE;
    this.#say({ type: 'progress', read: this.#read, layersDone: this.#done });
  }
}
