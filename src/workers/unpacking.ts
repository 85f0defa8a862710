import type { Inflaters } from '../layers/compression/decompress.ts';
import type { Compression } from '../oci/compression.ts';
import { InvalidLayerError } from '../layers/errors.ts';
import type { InflateEngine, InflateInstance } from '../layers/compression/inflate/engine.ts';
import type { GzipOptions } from '../layers/compression/inflate/inflate.ts';
import { LayerReading } from '../layers/unpack/layerReading.ts';
import type { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import type { Unpacked } from '../layers/unpack/tarUnpacker.ts';
import { LayerUnpacker } from '../layers/unpack/unpack.ts';
import { wasmGzip } from '../layers/compression/wasmGzip.ts';
import type { Sink } from '../oci/byteSource.ts';
import type { Digest } from '../oci/digest.ts';
import {
  breakPipe,
  PipeBrokenError,
  type PipeMemory,
  pipeMemory,
  type PipeRoom,
  PipeWriter,
  SLOTS,
} from './bytePipe.ts';
import { LayerFolder } from './layerFolder.ts';
import type { TarJob, UnpackedLayer, UnpackTarget } from './layerJob.ts';

/** What a thread keeps from one job to the next. */
export interface Tools {
  /** Inflates faster than Node's zlib; absent where it cannot run. */
  readonly engine: InflateEngine | undefined;
  readonly specials: SpecialMaker;
  /** Lets another thread unpack what goes into the job's pipe. */
  readonly unpackTar: (job: TarJob) => Promise<UnpackedLayer>;
}

/** Takes one layer's blob as its bytes come, and unpacks it. */
export interface Unpacking extends Sink {
  /** Completes the folder. Called after all bytes, once the blob's digest is verified. */
  finish(): Promise<UnpackedLayer>;
  /**
   * Removes what was written. Returns the error to report: the other thread's, if `error` only says
   * that it failed.
   */
  abandon(error: unknown): Promise<unknown>;
}

/** Starts unpacking a layer with this thread, or with two if the target says so. */
export function startUnpacking(target: UnpackTarget, blob: Digest, tools: Tools): Unpacking {
  return target.shared ? new SharedUnpacking(target, blob, tools) : new OwnUnpacking(target, blob, tools);
}

/** Checks gzip's own checksum only where no diff ID makes it redundant. */
function inflaters({ diffId }: UnpackTarget, { engine }: Tools, into?: GzipOptions['into']): Inflaters {
  return engine ? { gzip: wasmGzip(engine, { checksum: diffId === undefined, ...(into ? { into } : {}) }) } : {};
}

/** Unpacks in this thread. */
class OwnUnpacking implements Unpacking {
  readonly #folder: LayerFolder;
  readonly #layer: PatientReading<Unpacked>;

  constructor(target: UnpackTarget, blob: Digest, tools: Tools) {
    this.#folder = new LayerFolder(target, blob, tools.specials);
    const options = { ...this.#folder.options, inflaters: inflaters(target, tools) };
    this.#layer = new PatientReading(new LayerUnpacker(options));
  }

  write(chunk: Uint8Array): void {
    this.#layer.write(chunk);
  }

  async finish(): Promise<UnpackedLayer> {
    return this.#folder.commit(this.#layer.end());
  }

  async abandon(error: unknown): Promise<unknown> {
    this.#layer.close();
    this.#folder.drop();
    return error;
  }
}

/**
 * Decompresses in this thread while another one hashes the tar and writes the files. The inflate
 * writes its output straight into the memory that both share.
 */
class SharedUnpacking implements Unpacking {
  readonly #memory: PipeMemory;
  readonly #outcome: Promise<UnpackedLayer>;
  readonly #layer: PatientReading<void>;

  constructor(target: UnpackTarget, blob: Digest, tools: Tools) {
    const instance = tools.engine?.withSlots(SLOTS);
    this.#memory = pipeMemory(instance && roomOf(instance));
    let compression = (): Compression => 'none';
    const pipe = new PipeWriter(this.#memory, () => compression());
    const decoders = inflaters(target, tools, instance && { instance, slots: pipe });
    const reading = new LayerReading(known => {
      compression = known;
      return pipe;
    }, decoders);
    this.#layer = new PatientReading(reading);
    this.#outcome = tools.unpackTar({ target, blob, pipe: this.#memory });
    // `finish` and `abandon` await it.
    this.#outcome.catch(() => undefined);
  }

  write(chunk: Uint8Array): void {
    this.#layer.write(chunk);
  }

  async finish(): Promise<UnpackedLayer> {
    this.#layer.end();
    return await this.#outcome;
  }

  async abandon(error: unknown): Promise<unknown> {
    this.#layer.close();
    breakPipe(this.#memory);
    try {
      await this.#outcome;
    } catch (reason) {
      if (error instanceof PipeBrokenError) return reason;
    }
    return error;
  }
}

/** The memory that an instance writes its output to. */
function roomOf({ code, memory }: InflateInstance): PipeRoom {
  return { bytes: memory, first: code.output(), stride: code.slotSize() };
}

/**
 * Reports damage only at the end, where the blob's digest says whether it happened on the way, so
 * that another download may help.
 */
class PatientReading<Result> implements Sink {
  readonly #reading: LayerReading<Result>;
  #damage: Error | undefined;

  constructor(reading: LayerReading<Result>) {
    this.#reading = reading;
  }

  write(chunk: Uint8Array): void {
    if (this.#damage) return;
    try {
      this.#reading.write(chunk);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#damage = error;
    }
  }

  end(): Result {
    if (this.#damage) throw this.#damage;
    return this.#reading.end();
  }

  close(): void {
    this.#reading.close();
  }
}

function isDamage(error: unknown): error is Error {
  return error instanceof InvalidLayerError || (error instanceof PipeBrokenError && error.damaged);
}
