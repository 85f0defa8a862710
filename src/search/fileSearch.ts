import type { Sink } from '../oci/byteSource.ts';
import { matchesIn, type Match } from './lineMatches.ts';
import type { Pattern } from './query.ts';
import { TextBytes } from './textBytes.ts';

/** Bytes of text that are looked through at once. A line that is longer is looked through in pieces. */
const ROOM = 1 << 20;
/** Bytes at the end of such a piece that are looked at again with the next: a match of up to this length is found wherever the line is cut. */
const OVERLAP = 1 << 13;
/** Bytes before a piece's beginning that stay in sight, for what an expression asks of the text before a match. */
const CONTEXT = 256;
const LINE_FEED = 0x0a;

/**
 * Finds a pattern in the text of one file after the other, as their bytes come. The memory that it needs is always the same, however large a file or a line is. A file
 * with a NUL in its first 8 KiB is no text and has no matches; UTF-8 is assumed, UTF-16 is known by its byte order mark.
 */
export class FileSearch implements Sink {
  readonly #pattern: Pattern;
  readonly #found: (match: Match) => boolean;
  readonly #bytes = new TextBytes({ write: chunk => this.#take(chunk) });
  readonly #room = Buffer.allocUnsafe(ROOM);
  #length = 0;
  /** Bytes at the beginning of the room that were looked through, and belong to a line that goes on. */
  #seen = 0;
  /** Of the room's first byte. */
  #line = 1;
  /** UTF-16 code units of this line before the room's first byte. */
  #before = 0;
  #over = false;

  /** @param found is told of each match, and answers whether more are wanted */
  constructor(pattern: Pattern, found: (match: Match) => boolean) {
    this.#pattern = pattern;
    this.#found = found;
  }

  /** Another file begins. */
  begin(): void {
    this.#bytes.begin();
    this.#length = 0;
    this.#seen = 0;
    this.#line = 1;
    this.#before = 0;
    this.#over = false;
  }

  write(chunk: Uint8Array): void {
    if (!this.#over) this.#bytes.write(chunk);
  }

  /** The file has ended. */
  end(): void {
    if (!this.#over) this.#bytes.end();
    if (!this.#over && this.#length > this.#seen) this.#searchLines(this.#length);
  }

  #take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#over;) {
      const count = Math.min(ROOM - this.#length, chunk.length - at);
      this.#room.set(chunk.subarray(at, at + count), this.#length);
      this.#length += count;
      at += count;
      if (this.#length === ROOM) this.#makeRoom();
    }
  }

  #makeRoom(): void {
    const end = this.#room.subarray(0, this.#length).lastIndexOf(LINE_FEED) + 1;
    if (end > this.#seen) {
      this.#searchLines(end);
      this.#keepFrom(end, 0);
      this.#before = 0;
      return;
    }
    const next = this.#searchPiece();
    const keep = this.#characterAt(Math.max(0, next - CONTEXT));
    this.#before += this.#room.toString('utf8', 0, keep).length;
    this.#keepFrom(keep, next - keep);
  }

  #keepFrom(from: number, seen: number): void {
    this.#room.copyWithin(0, from, this.#length);
    this.#length -= from;
    this.#seen = seen;
  }

  /** Looks through whole lines, up to `end`; the first may be the end of one that was too long. */
  #searchLines(end: number): void {
    const bytes = this.#room.subarray(0, end);
    if (this.#pattern.needle && !bytes.includes(this.#pattern.needle)) {
      this.#line += countLineFeeds(bytes);
      return;
    }
    const text = bytes.toString('utf8');
    const from = this.#seen === 0 ? 0 : this.#room.toString('utf8', 0, this.#seen).length;
    const place = { line: this.#line, before: this.#before, from };
    const lines = matchesIn(this.#pattern, text, place, this.#found);
    if (lines === undefined) this.#over = true;
    else this.#line += lines;
  }

  /** Looks through a piece of a line whose end has not come. Answers up to which byte. */
  #searchPiece(): number {
    const cut = this.#characterAt(ROOM - OVERLAP);
    const { needle } = this.#pattern;
    if (needle && !this.#room.includes(needle)) return cut;
    const text = this.#room.toString('utf8');
    const from = this.#room.toString('utf8', 0, this.#seen).length;
    const limit = this.#room.toString('utf8', 0, cut).length;
    let last = 0;
    const found = (match: Match): boolean => {
      last = match.column - 1 - this.#before + match.length;
      return this.#found(match);
    };
    const place = { line: this.#line, before: this.#before, from, limit };
    if (matchesIn(this.#pattern, text, place, found) === undefined) this.#over = true;
    return last > limit ? Math.min(ROOM, Buffer.byteLength(text.slice(0, last), 'utf8')) : cut;
  }

  /** Where the character begins that the byte at `at` belongs to. */
  #characterAt(at: number): number {
    let start = at;
    // A byte that is no beginning has one at most three bytes before it; in bytes that are no UTF-8 any place is as good.
    while (start > 0 && at - start < 3 && ((this.#room[start] ?? 0) & 0xc0) === 0x80) start -= 1;
    return start;
  }
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}
