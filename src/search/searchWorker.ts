import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { readPieces, type PieceSink } from '../browse/pieces/readPieces.ts';
import { serveJobs } from '../workers/jobLoop.ts';
import { FileSearch } from './fileSearch.ts';
import type { Match } from './lineMatches.ts';
import { compileQuery } from './query.ts';
import type { FoundPiece, SearchJob, SearchReport } from './searchJob.ts';

/** Milliseconds between messages: they look immediate, and the host keeps up. */
const PAUSE = 80;

/** Searches one piece after another, and reports matches from time to time, even within a piece. */
class PieceSearch implements PieceSink {
  readonly #most: number;
  readonly #send: (report: SearchReport) => void;
  readonly #search: FileSearch;
  #piece = 0;
  /** Since the last message: matches of finished pieces, of the current one, and the progress. */
  #found: FoundPiece[] = [];
  #matches: Match[] = [];
  #files = 0;
  #bytes = 0;
  /** Matches of the whole job. */
  #count = 0;
  #nextReport = 0;
  #reportedAny = false;

  constructor({ query, most }: SearchJob, send: (report: SearchReport) => void) {
    this.#most = most;
    this.#send = send;
    this.#search = new FileSearch(compileQuery(query), match => this.#keep(match));
  }

  begin(piece: number): void {
    this.#piece = piece;
    this.#search.begin();
  }

  write(chunk: Uint8Array): void {
    this.#search.write(chunk);
    this.#bytes += chunk.length;
    if (performance.now() >= this.#nextReport) this.report();
  }

  end(): boolean {
    this.#search.end();
    this.#files += 1;
    this.#close();
    // Report the first matches at once, since an expression may take forever on the next file.
    if (!this.#reportedAny && this.#found.length > 0) this.report();
    return this.#count < this.#most;
  }

  report(): void {
    this.#close();
    this.#send({ found: this.#found, files: this.#files, bytes: this.#bytes });
    this.#nextReport = performance.now() + PAUSE;
    this.#reportedAny ||= this.#found.length > 0;
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

const engine = InflateEngine.load();

// The host terminates the thread to cancel a job, since an expression may never end.
serveJobs<{ job: SearchJob; report: SearchReport }>(async (job, report) => {
  const search = new PieceSearch(job, report);
  const restartPoints = job.compression === 'gzip' ? await RestartPoints.read(job.restartPoints) : undefined;
  readPieces({ path: job.blob, compression: job.compression, restartPoints, engine }, job.pieces, search);
  search.report();
});
