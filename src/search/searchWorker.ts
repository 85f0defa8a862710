import { parentPort } from 'node:worker_threads';
import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { giveWay } from '../workers/lowerPriority.ts';
import { wireError } from '../workers/errorTransfer.ts';
import { FileSearch } from './fileSearch.ts';
import type { Match } from './lineMatches.ts';
import { compileQuery } from './query.ts';
import { readPieces, type PieceSink } from './readPieces.ts';
import type { FoundPiece, SearchJob, SearchMessage } from './searchJob.ts';

/** Milliseconds between two messages: often enough to look immediate, seldom enough for the host to keep up. */
const PAUSE = 80;

/** Searches one piece after the other, and tells from time to time what was found, also within a piece. */
class PieceSearch implements PieceSink {
  readonly #most: number;
  readonly #say: (message: SearchMessage) => void;
  readonly #search: FileSearch;
  #piece = 0;
  /** Since the last message: what was found, of it what belongs to the piece that is being read, and how much was read. */
  #found: FoundPiece[] = [];
  #matches: Match[] = [];
  #files = 0;
  #bytes = 0;
  /** Matches of the whole job. */
  #count = 0;
  #next = 0;
  /** Something that was found has been told. */
  #shown = false;

  constructor({ query, most }: SearchJob, say: (message: SearchMessage) => void) {
    this.#most = most;
    this.#say = say;
    this.#search = new FileSearch(compileQuery(query), match => this.#keep(match));
  }

  begin(piece: number): void {
    this.#piece = piece;
    this.#search.begin();
  }

  write(chunk: Uint8Array): void {
    this.#search.write(chunk);
    this.#bytes += chunk.length;
    if (performance.now() >= this.#next) this.tell();
  }

  end(): boolean {
    this.#search.end();
    this.#files += 1;
    this.#close();
    // The first is told at once: the next file may take an expression years.
    if (!this.#shown && this.#found.length > 0) this.tell();
    return this.#count < this.#most;
  }

  tell(): void {
    this.#close();
    this.#say({ type: 'found', found: this.#found, files: this.#files, bytes: this.#bytes });
    this.#next = performance.now() + PAUSE;
    this.#shown ||= this.#found.length > 0;
    this.#found = [];
    this.#files = 0;
    this.#bytes = 0;
  }

  #close(): void {
    if (this.#matches.length > 0) this.#found.push({ piece: this.#piece, matches: this.#matches });
    this.#matches = [];
  }

  #keep(match: Match): boolean {
    this.#matches.push(match);
    this.#count += 1;
    return this.#count < this.#most;
  }
}

/** The body of a thread that searches layers, one job after the other. It is cancelled by ending it: an expression may keep it busy for years. */
async function main(
  job: SearchJob,
  engine: InflateEngine | undefined,
  say: (message: SearchMessage) => void,
): Promise<void> {
  try {
    const search = new PieceSearch(job, say);
    const restartPoints = job.compression === 'gzip' ? await RestartPoints.read(job.restartPoints) : undefined;
    readPieces({ path: job.blob, compression: job.compression, restartPoints, engine }, job.pieces, search);
    search.tell();
    say({ type: 'done' });
  } catch (error) {
    say({ type: 'failed', error: wireError(error) });
  }
}

const port = parentPort;
if (port) {
  giveWay();
  const engine = InflateEngine.load();
  port.on('message', (job: SearchJob) => void main(job, engine, message => port.postMessage(message)));
}
