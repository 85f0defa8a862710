import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Verifier } from '../blobs/verifier.ts';
import { mergeLayers } from '../layers/merge.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { MergeJob, MergeMessage } from './mergeJob.ts';
import { wireError } from './wiredError.ts';

const CHUNK = 1 << 18;
/** Milliseconds between two messages. */
const PAUSE = 100;

/** Blobs as files, verified while they are read: what lies on a disk may have been changed. */
class BlobFiles implements BlobSource {
  readonly #files: ReadonlyMap<string, string>;
  readonly #say: (message: MergeMessage) => void;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #read = 0;
  #done = 0;
  #next = 0;

  constructor({ layers, blobs }: MergeJob, say: (message: MergeMessage) => void) {
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

/** The body of a thread that merges one image's layers and ends. It is cancelled by ending it. */
async function main(job: MergeJob, say: (message: MergeMessage) => void): Promise<void> {
  const { layers, folder, limits } = job;
  const source = new BlobFiles(job, say);
  try {
    const warnings = await mergeLayers(source, layers, { folder, limits }, new AbortController().signal);
    say({ type: 'done', warnings });
  } catch (error) {
    say({ type: 'failed', error: wireError(error) });
  }
}

const port = parentPort;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
if (port) void main(workerData, message => port.postMessage(message));
