import type { Sink } from '../../oci/byteSource.ts';
import { InvalidLayerError, TruncatedLayerError, UnsupportedCompressionError } from '../errors.ts';
import { type Inflater, JunkCounter } from './inflater.ts';
import { NativeDecodeError, NativeDecoder } from './nodeZlib.ts';
import { ZstdFrame, zstdFrameKind } from './zstdFrame.ts';

/** Valid zstd that can't be decoded, by the decoder's error code. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  ZSTD_error_dictionary_wrong: 'zstd and a dictionary that is not part of the image',
  ZSTD_error_frameParameter_windowTooLarge: 'zstd and a window over 2 GB',
  ZSTD_error_memory_allocation: 'zstd and a window larger than the available memory',
};

/**
 * Decodes zstd (RFC 8878) with Node's own decoder: any number of frames, with skippable ones
 * anywhere (zstd:chunked has some at its end). By itself, the decoder would stop silently after the
 * first frame, and return nothing if a skippable one comes first.
 */
export class NodeZstdInflater implements Inflater {
  readonly #out: Sink;
  readonly #onFrame: ((at: number) => void) | undefined;
  /** Offset of the current chunk in the input. */
  #base = 0;
  readonly #decoder = new NativeDecoder('zstd');
  readonly #junk = new JunkCounter();
  /** The current frame; `undefined` between two. */
  #frame: ZstdFrame | undefined;
  /** Bytes of an incomplete magic number. */
  #magic: number[] = [];
  #ended = false;

  /**
   * @param onFrame called with the offset at which a frame of data begins, after all earlier output
   */
  constructor(out: Sink, onFrame?: (at: number) => void) {
    this.#out = out;
    this.#onFrame = onFrame;
  }

  /** @throws {InvalidLayerError} {@link UnsupportedCompressionError}, and what the sink throws */
  write(chunk: Uint8Array): void {
    try {
      for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
      this.#base += chunk.length;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws {TruncatedLayerError} */
  end(): number {
    this.close();
    if (this.#frame) throw new TruncatedLayerError('its compressed data');
    this.#junk.add(Uint8Array.from(this.#magic));
    return this.#junk.junk;
  }

  close(): void {
    this.#decoder.close();
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#ended) {
      this.#junk.add(chunk.subarray(at));
      return chunk.length;
    }
    if (!this.#frame) return this.#findFrame(chunk, at);
    const end = this.#frame.follow(chunk, at);
    if (this.#frame.kind === 'data') this.#decode(chunk.subarray(at, end));
    if (this.#frame.done) this.#frame = undefined;
    return end;
  }

  #findFrame(chunk: Uint8Array, at: number): number {
    this.#magic.push(chunk[at] ?? 0);
    if (this.#magic.length < 4) return at + 1;
    const magic = Buffer.from(this.#magic);
    this.#magic = [];
    const kind = zstdFrameKind(magic.readUInt32LE());
    if (kind) this.#frame = new ZstdFrame(kind);
    else this.#ended = true;
    if (kind === 'data') {
      this.#onFrame?.(this.#base + at - 3);
      this.#decode(magic);
    }
    if (!kind) this.#junk.add(magic);
    return at + 1;
  }

  #decode(input: Uint8Array): void {
    for (let at = 0, more = true; at < input.length || more;) {
      const { used, output, full } = this.#decodeStep(input, at);
      if (output.length > 0) this.#out.write(output);
      if (used === 0 && output.length === 0 && at < input.length) {
        throw new InvalidLayerError('its zstd data is damaged: a frame continues after its end');
      }
      at += used;
      more = full;
    }
  }

  #decodeStep(input: Uint8Array, at: number): ReturnType<NativeDecoder['step']> {
    try {
      return this.#decoder.step(input, at);
    } catch (cause) {
      const unsupported = cause instanceof NativeDecodeError ? UNSUPPORTED[cause.code] : undefined;
      if (unsupported !== undefined) throw new UnsupportedCompressionError(unsupported, { cause });
      throw new InvalidLayerError('its zstd data is damaged', { cause });
    }
  }
}
