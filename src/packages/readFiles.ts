import type { NumberedLayer } from '../browse/tree/mergedTree.ts';
import { layerPieces, type LayerArchive } from '../browse/pieces/layerPieces.ts';
import { JobThread } from '../workers/jobThread.ts';
import type { ChosenFile, ChosenFiles } from './chooseFiles.ts';
import type { Finding } from './languages/finding.ts';
import { ZipError } from './languages/zip.ts';
import type { FileReport, PackageJob } from './packageJob.ts';

/** What reading packages needs from its caller. */
export interface PackagePorts {
  /** Downloads a layer if necessary, by its number. */
  readonly archive: (layer: number, signal: AbortSignal) => Promise<LayerArchive>;
  /** `packageWorker.js` of the bundle, `packageWorker.ts` in plain Node. */
  readonly script: URL;
  /** Layers read at once. */
  readonly threads: number;
}

/** Receives what a file says. */
type OnReport = (file: ChosenFile, report: FileReport) => void;

/** Up to so many files and bytes are fetched one by one, rather than the whole layer. */
const FEW_FILES = 40;
const FEW_BYTES = 16e6;

/** Error classes of this room, which threads don't know by themselves. */
export const PACKAGE_ERRORS = { ZipError };

type PackageThread = JobThread<PackageJob, FileReport>;

/**
 * Reads the chosen files in threads: each layer in one pass, except for one whose few files can be
 * fetched one by one. @throws what reading a layer throws, and the signal's reason
 */
export async function readFiles(
  { byLayer, sparse }: ChosenFiles,
  ports: PackagePorts,
  onReport: OnReport,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  // Largest first, so that no thread is left alone with it at the end.
  const queue = [...byLayer].sort(([, one], [, other]) => bytesOf(other) - bytesOf(one));
  const work = async (thread: PackageThread): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift())
      await readLayer(next[0], next[1], { ports, thread, onReport, signal: either });
  };
  const threads = Array.from(
    { length: Math.max(1, Math.min(ports.threads, queue.length)) },
    (): PackageThread => new JobThread(ports.script, PACKAGE_ERRORS),
  );
  try {
    await Promise.all(threads.map(work));
    const [first] = threads;
    for (const { file, node } of sparse) {
      const layer = node.content?.layer;
      if (layer && first) await readSingly(layer, [file], { ports, thread: first, onReport, signal: either });
    }
  } finally {
    end.abort();
    for (const thread of threads) thread.end();
  }
}

interface Reading {
  readonly ports: PackagePorts;
  readonly thread: PackageThread;
  readonly onReport: OnReport;
  readonly signal: AbortSignal;
}

async function readLayer(layer: NumberedLayer, files: readonly ChosenFile[], reading: Reading): Promise<void> {
  const { ports, thread, onReport, signal } = reading;
  const { kind } = layer.files.listing.facts;
  const isWhole = kind === 'gzip' || kind === 'zstd' || kind === 'none';
  if (!isWhole && files.length <= FEW_FILES && bytesOf(files) <= FEW_BYTES) {
    await readSingly(layer, files, reading);
    return;
  }
  const { listing, ...archive } = await ports.archive(layer.number, signal);
  const { files: found, missing, pieces } = layerPieces(layer.files.listing, files, listing);
  const report = (one: FileReport): void => {
    const file = found[one.file];
    if (file) onReport(file, one);
  };
  for (const file of missing) onReport(file, { file: 0, finding: NOT_IN_ARCHIVE });
  await thread.run({ files: found, from: { ...archive, pieces } }, [pieces.buffer], report, signal);
}

const NOT_IN_ARCHIVE: Finding = { packages: [], notes: ["is listed, but isn't in the layer's archive"] };

/** Reads files through the layer's own means, such as ranges of its blob. */
async function readSingly(
  layer: NumberedLayer,
  files: readonly ChosenFile[],
  { thread, onReport, signal }: Reading,
): Promise<void> {
  for (const file of files) {
    const content = Buffer.alloc(file.size);
    let at = 0;
    const write = (chunk: Uint8Array): void => {
      content.set(chunk.subarray(0, content.length - at), at);
      at += chunk.length;
    };
    await layer.files.read(file.at, { write }, signal);
    await thread.run(
      { files: [file], from: { contents: [content] } },
      [content.buffer],
      one => onReport(file, one),
      signal,
    );
  }
}

function bytesOf(files: readonly ChosenFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
