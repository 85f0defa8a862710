import { InvalidLayerError } from '../errors.ts';

const ZSTD_MAGIC = 0xfd2fb528;

/** Returns the kind of frame that a magic number starts, if any (RFC 8878, 3.1). */
export function zstdFrameKind(magic: number): 'data' | 'skippable' | undefined {
  if (magic === ZSTD_MAGIC) return 'data';
  return magic >= 0x184d2a50 && magic <= 0x184d2a5f ? 'skippable' : undefined;
}

type Part = 'descriptor' | 'header' | 'blockHeader' | 'block' | 'checksum' | 'skipSize' | 'skip' | 'done';

/**
 * Follows one zstd frame from after its magic number to its end (RFC 8878, 3.1.1 and 3.1.2),
 * without decoding it. The frame's block lengths show what Node's decoder does not report: where
 * the frame ends, and that the input broke off within it.
 */
export class ZstdFrame {
  readonly kind: 'data' | 'skippable';
  #part: Part;
  /** Bytes of the part that are missing. */
  #left: number;
  /** The number that the bytes of the part make up, little-endian. */
  #value = 0;
  #shift = 1;
  #checksum = false;
  #last = false;

  constructor(kind: 'data' | 'skippable') {
    this.kind = kind;
    this.#part = kind === 'data' ? 'descriptor' : 'skipSize';
    this.#left = kind === 'data' ? 1 : 4;
  }

  get done(): boolean {
    return this.#part === 'done';
  }

  /** Follows the frame from `start`. Returns the position after its last byte in `bytes`. */
  follow(bytes: Uint8Array, start: number): number {
    let at = start;
    while (!this.done && (at < bytes.length || this.#left === 0)) {
      at = this.#take(bytes, at);
      if (this.#left === 0) this.#next();
    }
    return at;
  }

  #take(bytes: Uint8Array, at: number): number {
    const count = Math.min(this.#left, bytes.length - at);
    this.#left -= count;
    if (this.#part === 'blockHeader' || this.#part === 'skipSize' || this.#part === 'descriptor') {
      for (let index = at; index < at + count; index++) {
        this.#value += (bytes[index] ?? 0) * this.#shift;
        this.#shift *= 256;
      }
    }
    return at + count;
  }

  /** Chooses the next part and its length. */
  #next(): void {
    const value = this.#value;
    this.#value = 0;
    this.#shift = 1;
    switch (this.#part) {
      case 'descriptor':
        this.#checksum = (value & 4) !== 0;
        return this.#expect('header', headerLength(value));
      case 'skipSize':
        return this.#expect('skip', value);
      case 'blockHeader':
        this.#last = (value & 1) !== 0;
        return this.#expect('block', blockLength(value));
      case 'header':
        return this.#expect('blockHeader', 3);
      case 'block':
        if (!this.#last) return this.#expect('blockHeader', 3);
        return this.#expect(this.#checksum ? 'checksum' : 'done', this.#checksum ? 4 : 0);
      default:
        return this.#expect('done', 0);
    }
  }

  #expect(part: Part, length: number): void {
    this.#part = part;
    this.#left = length;
  }
}

/** Returns the bytes of window descriptor, dictionary ID and content size (RFC 8878, 3.1.1.1). */
function headerLength(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const window = singleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return window + dictionary + contentSize;
}

/** Returns the bytes of a block as stored in the frame (RFC 8878, 3.1.1.2). */
function blockLength(header: number): number {
  const type = (header >> 1) & 3;
  if (type === 3) throw new InvalidLayerError('its zstd data is damaged: a block has an unknown type');
  return type === 1 ? 1 : header >> 3;
}
