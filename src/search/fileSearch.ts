import type { Sink } from '../oci/byteSource.ts';
import { matchesIn, type Match } from './lineMatches.ts';
import type { Pattern } from './query.ts';
import { TextBytes } from './textBytes.ts';

/** Bytes of text searched at once. A longer line is searched in pieces. */
const ROOM = 1 << 20;
/**
 * Bytes at the end of such a piece that are searched again with the next one. Matches of up to this
 * length are found wherever the line is cut.
 */
const OVERLAP = 1 << 13;
/** Bytes kept from before a piece, for lookbehinds. */
const CONTEXT = 256;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Finds a pattern in the text of one file after another, as their bytes arrive, in constant memory
 * however long a file or line is. Lines end as in the editor: with LF, CRLF or a lone CR. A file
 * with a NUL in its first 8 KiB is binary and has no matches; others are taken as UTF-8, or as
 * UTF-16 if they have its byte order mark.
 */
export class FileSearch implements Sink {
  readonly #pattern: Pattern;
  readonly #found: (match: Match) => boolean;
  readonly #bytes = new TextBytes({ write: chunk => this.#take(chunk) });
  readonly #room = Buffer.allocUnsafe(ROOM);
  #length = 0;
  /** Bytes at the start of the room that were searched and belong to an unfinished line. */
  #seen = 0;
  /** Line number of the room's first byte. */
  #line = 1;
  /** UTF-16 code units of this line before the room's first byte. */
  #before = 0;
  #over = false;

  /** @param found receives each match, and returns whether more are wanted */
  constructor(pattern: Pattern, found: (match: Match) => boolean) {
    this.#pattern = pattern;
    this.#found = found;
  }

  /** Starts another file. */
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

  /** Searches the rest of the file. */
  end(): void {
    if (!this.#over) this.#bytes.end();
    if (this.#over || this.#length <= this.#seen) return;
    this.#endLines(this.#length - 1, true);
    this.#searchLines(this.#length);
  }

  #take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#over;) {
      const start = this.#length;
      const count = Math.min(ROOM - start, chunk.length - at);
      this.#room.set(chunk.subarray(at, at + count), start);
      this.#length += count;
      at += count;
      this.#endLines(Math.max(0, start - 1), false);
      if (this.#length === ROOM) this.#makeRoom();
    }
  }

  /** Turns lone carriage returns into line feeds. The last byte is one only if nothing follows. */
  #endLines(from: number, isLast: boolean): void {
    const bytes = this.#room.subarray(0, this.#length);
    const end = isLast ? bytes.length : bytes.length - 1;
    for (
      let at = bytes.indexOf(CARRIAGE_RETURN, from);
      at !== -1 && at < end;
      at = bytes.indexOf(CARRIAGE_RETURN, at + 1)
    )
      if (bytes[at + 1] !== LINE_FEED) bytes[at] = LINE_FEED;
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

  /** Searches whole lines, up to `end`. The first may be the rest of a line searched in pieces. */
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

  /** Searches a piece of an unfinished line. Returns the byte up to which it has searched. */
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

  /** Returns where the character that the byte at `at` belongs to starts. */
  #characterAt(at: number): number {
    let start = at;
    // At most three continuation bytes follow a first one. In invalid UTF-8 any place will do.
    while (start > 0 && at - start < 3 && ((this.#room[start] ?? 0) & 0xc0) === 0x80) start -= 1;
    return start;
  }
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}
