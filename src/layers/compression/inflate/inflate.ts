import { crc32 } from 'node:zlib';
import type { Sink } from '../../../oci/byteSource.ts';
import { type BlockPoint, type BlockReport, DeflateDecoder, type OutputSlots } from './deflateDecoder.ts';
import type { InflateEngine, InflateInstance } from './engine.ts';
import { GzipHeader } from './gzipHeader.ts';
import { InflateError } from './inflateError.ts';
import { type Inflater, JunkCounter } from '../inflater.ts';

/**
 * A position in a gzip stream at which decoding can start. With `member`, the member's checksum is
 * still checked at its end.
 */
export interface GzipPoint extends BlockPoint {
  /** CRC-32 and length, modulo 2^32, of the member's output before the block. */
  readonly member?: { readonly crc: number; readonly size: number };
}

/** Options of {@link GzipInflater}. */
export interface GzipOptions {
  /** Reports restart points. */
  readonly report?: { readonly every: number; onBlock(point: GzipPoint): void };
  /** Starts here; the input then begins with byte `floor(from.in / 8)`. */
  readonly from?: GzipPoint;
  /**
   * False skips the CRC-32, an eighth of the time, for callers that check a digest of all the
   * output. The length is still checked.
   */
  readonly checksum?: boolean;
  /** Sends output to these slots in the memory of this instance, which has no other user. */
  readonly into?: { readonly instance: InflateInstance; readonly slots: OutputSlots };
}

type Stage = 'header' | 'body' | 'trailer' | 'between' | 'trailing';

/**
 * Inflates a gzip stream (RFC 1952) of one or many members, and checks the CRC-32 and length of
 * each. Accepts chunks of any size and passes on all their output before `write` returns, in a
 * buffer that is reused. Unusable after an error.
 */
export class GzipInflater implements Inflater {
  readonly #engine: InflateEngine;
  readonly #decoder: DeflateDecoder;
  #instance: InflateInstance | undefined;
  /** True if the instance must be given back to the engine. */
  readonly #lent: boolean;
  #stage: Stage = 'header';
  #header = new GzipHeader();
  #crc = 0;
  #size = 0;
  /** True if the member is known from its start, so its trailer can be checked. */
  #whole = true;
  readonly #checksum: boolean;
  readonly #junk = new JunkCounter();

  constructor(engine: InflateEngine, out: Sink, options: GzipOptions = {}) {
    const { report, from, checksum = true, into } = options;
    this.#engine = engine;
    this.#lent = into === undefined;
    this.#instance = into?.instance ?? engine.take();
    this.#checksum = checksum;
    const blocks: BlockReport | undefined = report && {
      every: report.every,
      onBlock: point =>
        report.onBlock(this.#whole && checksum ? { ...point, member: { crc: this.#crc, size: this.#size } } : point),
    };
    this.#decoder = new DeflateDecoder(
      this.#instance,
      { write: chunk => this.#put(chunk, out) },
      blocks,
      from,
      into?.slots,
    );
    if (from === undefined) return;
    this.#stage = 'body';
    this.#whole = from.member !== undefined;
    this.#crc = from.member?.crc ?? 0;
    this.#size = from.member?.size ?? 0;
  }

  /** @throws {InflateError}, and what the sink throws */
  write(chunk: Uint8Array): void {
    if (this.#instance === undefined) throw new Error('The inflater was closed');
    try {
      for (let from = 0; from < chunk.length;) {
        from += this.#decoder.addInput(chunk, from);
        while (this.#step());
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the input. @throws {InflateError} if that is within a member */
  end(): number {
    if (this.#instance === undefined) throw new Error('The inflater was closed');
    this.close();
    const { rest, inPosition } = this.#decoder;
    if (this.#stage !== 'between' && this.#stage !== 'trailing') {
      throw new InflateError('it ends within a gzip member', inPosition + rest.length, true);
    }
    // A single byte 1f may be waiting for its second.
    this.#junk.add(rest);
    return this.#junk.junk;
  }

  /** Frees memory. Needed only if neither `end` nor an error did. */
  close(): void {
    if (this.#instance !== undefined && this.#lent) this.#engine.give(this.#instance);
    this.#instance = undefined;
  }

  #put(chunk: Uint8Array, out: Sink): void {
    if (this.#checksum && this.#whole) this.#crc = crc32(chunk, this.#crc);
    this.#size = (this.#size + chunk.length) % 0x1_0000_0000;
    out.write(chunk);
  }

  /** Continues in the current stage. Returns false if more input is needed. */
  #step(): boolean {
    switch (this.#stage) {
      case 'header':
        return this.#readHeader();
      case 'body':
        if (!this.#decoder.decode()) return false;
        this.#stage = 'trailer';
        return true;
      case 'trailer':
        return this.#readTrailer();
      case 'between':
        return this.#findNext();
      default:
        return this.#skipTrailing();
    }
  }

  #readHeader(): boolean {
    this.#decoder.skip(this.#header.read(this.#decoder.rest, this.#decoder.inPosition));
    if (!this.#header.done) return false;
    this.#decoder.begin();
    this.#crc = 0;
    this.#size = 0;
    this.#whole = true;
    this.#stage = 'body';
    return true;
  }

  #readTrailer(): boolean {
    const { rest, inPosition } = this.#decoder;
    if (rest.length < 8) return false;
    const view = new DataView(rest.buffer, rest.byteOffset, 8);
    if (this.#whole && this.#checksum && view.getUint32(0, true) !== this.#crc) {
      throw new InflateError('incorrect data check', inPosition);
    }
    if (this.#whole && view.getUint32(4, true) !== this.#size) {
      throw new InflateError('incorrect length check', inPosition);
    }
    this.#decoder.skip(8);
    this.#stage = 'between';
    return true;
  }

  /** Decides whether another member or junk follows. */
  #findNext(): boolean {
    const [first, second] = this.#decoder.rest;
    if (first === undefined || (first === 0x1f && second === undefined)) return false;
    this.#header = new GzipHeader();
    this.#stage = first === 0x1f && second === 0x8b ? 'header' : 'trailing';
    return true;
  }

  #skipTrailing(): false {
    const { rest } = this.#decoder;
    this.#junk.add(rest);
    this.#decoder.skip(rest.length);
    return false;
  }
}
