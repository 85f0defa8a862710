import type { Sink } from '../../oci/byteSource.ts';
import { InvalidLayerError, TruncatedLayerError } from '../errors.ts';
import { type Inflater, type Trailing, TrailingCounter } from './inflater.ts';
import { NativeDecoder } from './nodeZlib.ts';
import { ZstdFrame, zstdFrameKind } from './zstdFrame.ts';

/**
 * Decodes zstd (RFC 8878) with Node's own decoder: any number of frames, skippable ones before, between and behind them, as eStargz's cousin zstd:chunked has.
 * The decoder by itself would stop in silence at the first frame's end, or give nothing when a skippable frame comes first.
 */
export class NodeZstdInflater implements Inflater {
  readonly #out: Sink;
  readonly #onFrame: ((at: number) => void) | undefined;
  /** Offset in the input of the chunk that is being written. */
  #base = 0;
  readonly #decoder = new NativeDecoder('zstd');
  readonly #trailing = new TrailingCounter();
  /** The frame that the input stands in; `undefined` between two. */
  #frame: ZstdFrame | undefined;
  /** Bytes of a magic number that is not yet whole. */
  #magic: number[] = [];
  #ended = false;

  /** @param onFrame is told where in the input a frame of data begins, when all that comes before it has been put out */
  constructor(out: Sink, onFrame?: (at: number) => void) {
    this.#out = out;
    this.#onFrame = onFrame;
  }

  /** Takes the next input. @throws {InvalidLayerError}, and whatever the sink throws. */
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
  end(): Trailing {
    this.close();
    if (this.#frame) throw new TruncatedLayerError('its compressed data');
    this.#trailing.add(Uint8Array.from(this.#magic));
    return this.#trailing.trailing;
  }

  close(): void {
    this.#decoder.close();
  }

  #step(chunk: Uint8Array, at: number): number {
    if (this.#ended) {
      this.#trailing.add(chunk.subarray(at));
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
    if (!kind) this.#trailing.add(magic);
    return at + 1;
  }

  #decode(input: Uint8Array): void {
    for (let at = 0, more = true; at < input.length || more;) {
      const { used, output, full } = this.#decodeStep(input, at);
      if (output.length > 0) this.#out.write(output);
      if (used === 0 && output.length === 0 && at < input.length) {
        throw new InvalidLayerError('its zstd data is damaged: the frame goes on behind its end');
      }
      at += used;
      more = full;
    }
  }

  #decodeStep(input: Uint8Array, at: number): ReturnType<NativeDecoder['step']> {
    try {
      return this.#decoder.step(input, at);
    } catch (error) {
      throw new InvalidLayerError('its zstd data is damaged', { cause: error });
    }
  }
}
