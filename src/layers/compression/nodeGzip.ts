import { crc32 } from 'node:zlib';
import type { Sink } from '../../oci/byteSource.ts';
import { InvalidLayerError, TruncatedLayerError } from '../errors.ts';
import { GzipHeader } from './inflate/gzipHeader.ts';
import { type Inflater, JunkCounter } from './inflater.ts';
import { NativeDecoder } from './nodeZlib.ts';

type Stage = 'header' | 'body' | 'trailer' | 'between' | 'trailing';

/**
 * Inflates gzip (RFC 1952), one member or many, with Node's own zlib, and checks the CRC-32 and
 * length of each. Reads the members' headers itself, because zlib's gunzip does not reliably
 * distinguish another member from junk when a chunk ends between them.
 */
export class NodeGzipInflater implements Inflater {
  readonly #out: Sink;
  readonly #decoder = new NativeDecoder('deflate');
  readonly #junk = new JunkCounter();
  #stage: Stage = 'header';
  #header = new GzipHeader();
  /** Input that was too short to use. */
  #held = Buffer.alloc(0);
  #crc = 0;
  #size = 0;
  #position = 0;

  constructor(out: Sink) {
    this.#out = out;
  }

  /** @throws {InvalidLayerError}, and what the sink throws */
  write(chunk: Uint8Array): void {
    const input = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    let at = 0;
    try {
      for (let used = 0; at < input.length && used >= 0;) {
        used = this.#step(input, at);
        if (used > 0) at += used;
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.#position += at;
    this.#held = Buffer.from(input.subarray(at));
  }

  /** @throws {TruncatedLayerError} */
  end(): number {
    this.close();
    if (this.#stage !== 'between' && this.#stage !== 'trailing') throw new TruncatedLayerError('its compressed data');
    this.#junk.add(this.#held);
    return this.#junk.junk;
  }

  close(): void {
    this.#decoder.close();
  }

  /** Returns the bytes used (0 if only the stage changed), or -1 if more are needed. */
  #step(input: Uint8Array, at: number): number {
    switch (this.#stage) {
      case 'header':
        return this.#readHeader(input.subarray(at), this.#position + at);
      case 'body':
        return this.#inflate(input, at);
      case 'trailer':
        return this.#readTrailer(input.subarray(at));
      case 'between':
        return this.#findNext(input[at], input[at + 1]);
      default:
        this.#junk.add(input.subarray(at));
        return input.length - at;
    }
  }

  #readHeader(rest: Uint8Array, position: number): number {
    try {
      const used = this.#header.read(rest, position);
      if (!this.#header.done) return used > 0 ? used : -1;
      this.#crc = 0;
      this.#size = 0;
      this.#stage = 'body';
      return used;
    } catch (error) {
      throw new InvalidLayerError('its gzip header is damaged', { cause: error });
    }
  }

  #inflate(input: Uint8Array, start: number): number {
    for (let at = start; ;) {
      const { used, output, full } = this.#decode(input, at);
      at += used;
      if (output.length > 0) {
        this.#crc = crc32(output, this.#crc);
        this.#size = (this.#size + output.length) % 0x1_0000_0000;
        this.#out.write(output);
      }
      if (full) continue;
      if (at === input.length) return at - start;
      if (used > 0 || output.length > 0) continue;
      this.#stage = 'trailer';
      return at - start;
    }
  }

  #decode(input: Uint8Array, at: number): ReturnType<NativeDecoder['step']> {
    try {
      return this.#decoder.step(input, at);
    } catch (error) {
      throw new InvalidLayerError('its compressed data is damaged', { cause: error });
    }
  }

  #readTrailer(rest: Uint8Array): number {
    if (rest.length < 8) return -1;
    const view = new DataView(rest.buffer, rest.byteOffset, 8);
    if (view.getUint32(0, true) !== this.#crc || view.getUint32(4, true) !== this.#size) {
      throw new InvalidLayerError('its compressed data is damaged: the checksum of a gzip member is wrong');
    }
    this.#decoder.reset();
    this.#stage = 'between';
    return 8;
  }

  /** Decides whether another member or junk follows. */
  #findNext(first: number | undefined, second: number | undefined): number {
    if (first === 0x1f && second === undefined) return -1;
    const another = first === 0x1f && second === 0x8b;
    this.#header = new GzipHeader();
    this.#stage = another ? 'header' : 'trailing';
    return 0;
  }
}
