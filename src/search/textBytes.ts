import { StringDecoder } from 'node:string_decoder';
import type { Sink } from '../oci/byteSource.ts';

/** A NUL in this many bytes makes a file binary, as for git and VS Code's own search. */
const HEAD = 8192;

type Encoding = 'utf8' | 'utf16le' | 'utf16be' | 'binary';

/**
 * Turns the bytes of one file after another into UTF-8 without a byte order mark. Binary files
 * yield nothing.
 */
export class TextBytes implements Sink {
  readonly #out: Sink;
  readonly #head = Buffer.allocUnsafe(HEAD);
  #headLength = 0;
  #encoding: Encoding | undefined;
  #decoder: StringDecoder | undefined;
  /** The first byte of a big-endian UTF-16 code unit that was cut in half. */
  #odd: number | undefined;

  constructor(out: Sink) {
    this.#out = out;
  }

  /** Starts another file. */
  begin(): void {
    this.#headLength = 0;
    this.#encoding = undefined;
    this.#decoder = undefined;
    this.#odd = undefined;
  }

  write(chunk: Uint8Array): void {
    if (this.#encoding === undefined) {
      const count = Math.min(HEAD - this.#headLength, chunk.length);
      this.#head.set(chunk.subarray(0, count), this.#headLength);
      this.#headLength += count;
      if (this.#headLength < HEAD) return;
      this.#start();
      this.#pass(chunk.subarray(count));
    } else this.#pass(chunk);
  }

  end(): void {
    if (this.#encoding === undefined) this.#start();
    const rest = this.#decoder?.end();
    if (rest) this.#out.write(Buffer.from(rest, 'utf8'));
  }

  #start(): void {
    const head = this.#head.subarray(0, this.#headLength);
    const [encoding, mark] = encodingOf(head);
    this.#encoding = encoding;
    if (encoding === 'utf16le' || encoding === 'utf16be') this.#decoder = new StringDecoder('utf16le');
    this.#pass(head.subarray(mark));
  }

  #pass(chunk: Uint8Array): void {
    if (this.#encoding === 'binary' || chunk.length === 0) return;
    if (!this.#decoder) this.#out.write(chunk);
    else {
      const units = this.#encoding === 'utf16be' ? this.#swapped(chunk) : Buffer.from(chunk);
      this.#out.write(Buffer.from(this.#decoder.write(units), 'utf8'));
    }
  }

  #swapped(chunk: Uint8Array): Buffer {
    const bytes = this.#odd === undefined ? Buffer.from(chunk) : Buffer.concat([Buffer.of(this.#odd), chunk]);
    const even = bytes.length - (bytes.length % 2);
    this.#odd = bytes[even];
    return bytes.subarray(0, even).swap16();
  }
}

/** Returns the encoding, and the length of the byte order mark. */
function encodingOf(head: Buffer): readonly [Encoding, number] {
  if (head[0] === 0xff && head[1] === 0xfe) return ['utf16le', 2];
  if (head[0] === 0xfe && head[1] === 0xff) return ['utf16be', 2];
  if (head.includes(0)) return ['binary', 0];
  return ['utf8', head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0];
}
