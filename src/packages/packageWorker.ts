import { RestartPoints } from '../browse/formats/restartPoints.ts';
import { readPieces, type PieceSink } from '../browse/pieces/readPieces.ts';
import { InflateEngine } from '../layers/compression/inflate/engine.ts';
import { serveJobs } from '../workers/jobLoop.ts';
import { HEAD, READERS } from './fileKinds.ts';
import { isExecutable } from './languages/elf.ts';
import { NOTHING, type Finding } from './languages/finding.ts';
import { readCopyright } from './languages/textRecords.ts';
import type { FileReport, JobFile, PackageJob } from './packageJob.ts';

/** Bytes that show whether a file is a program. */
const MAGIC = 4;
const EMPTY = Buffer.alloc(0);

/** Collects the content of one file after another, and reports what each says. */
class FileReader implements PieceSink {
  readonly #files: readonly JobFile[];
  readonly #report: (report: FileReport) => void;
  #at = 0;
  #content = EMPTY;
  #length = 0;
  #unwanted = false;

  constructor(files: readonly JobFile[], report: (report: FileReport) => void) {
    this.#files = files;
    this.#report = report;
  }

  begin(piece: number): void {
    this.#at = piece;
    this.#content = EMPTY;
    this.#length = 0;
    this.#unwanted = false;
  }

  write(chunk: Uint8Array): void {
    const file = this.#files[this.#at];
    if (this.#unwanted || !file) return;
    // Not from a pool, since the memory may be transferred.
    if (this.#length === 0) this.#content = Buffer.allocUnsafeSlow(Math.min(file.size, HEAD[file.kind] ?? file.size));
    const before = this.#length;
    const part = chunk.subarray(0, this.#content.length - before);
    this.#content.set(part, before);
    this.#length += part.length;
    // Most executable files are scripts or data.
    if (before < MAGIC && this.#length >= MAGIC)
      this.#unwanted = file.kind === 'executable' && !isExecutable(this.#content);
  }

  end(): boolean {
    const file = this.#files[this.#at];
    const content = this.#content.subarray(0, this.#length);
    this.#content = EMPTY;
    if (!this.#unwanted && file) this.#report({ file: this.#at, ...reportOf(file, content) });
    return true;
  }
}

function reportOf({ kind, path }: JobFile, content: Buffer<ArrayBuffer>): Omit<FileReport, 'file'> {
  if (kind === 'raw') return { finding: NOTHING, raw: content };
  if (kind === 'copyright') {
    const license = readCopyright(content);
    return { finding: NOTHING, ...(license === undefined ? {} : { license }) };
  }
  return { finding: findingOf(() => READERS[kind](content, path)) };
}

/** Whatever a reader throws, the file is damaged, and the others count all the same. */
function findingOf(read: () => Finding): Finding {
  try {
    return read();
  } catch {
    return { packages: [], notes: ['is damaged, or not what its name says'] };
  }
}

const engine = InflateEngine.load();

serveJobs<{ job: PackageJob; report: FileReport }>(async ({ files, from }, send) => {
  const reader = new FileReader(files, report => send(report, report.raw ? [report.raw.buffer] : []));
  if ('contents' in from) {
    for (const [at, content] of from.contents.entries()) {
      reader.begin(at);
      if (content.length > 0) reader.write(content);
      reader.end();
    }
    return;
  }
  const { blob, compression, restartPoints: points, pieces } = from;
  const restartPoints = compression === 'gzip' ? await RestartPoints.read(points) : undefined;
  readPieces({ path: blob, compression, restartPoints, engine }, pieces, reader);
});
