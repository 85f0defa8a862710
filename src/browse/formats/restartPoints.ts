import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { pack, readContainer } from './container.ts';

/** Uncompressed bytes between two restart points: the most that a random read has to skip. */
export const POINT_DISTANCE = 4 << 20;

const MAGIC = 'PLP1';

/** Collects the restart points of a gzip layer, about 10 kB for every 4 MiB of the archive. */
export class RestartPointRecorder {
  readonly #places: [number, number][] = [];
  readonly #windows: Buffer[] = [];

  record(point: GzipPoint): void {
    this.#places.push([point.in, point.out]);
    this.#windows.push(packWindow(point.window));
  }

  finish(): Buffer {
    return pack(MAGIC, { places: this.#places }, this.#windows);
  }
}

/** Places where inflating a gzip layer can start, in archive order. */
export class RestartPoints {
  readonly #places: readonly (readonly [number, number])[];
  readonly #windows: readonly Buffer[];

  private constructor(places: readonly (readonly [number, number])[], windows: readonly Buffer[]) {
    this.#places = places;
    this.#windows = windows;
  }

  /** Returns `undefined` if the file is missing or damaged. */
  static async read(path: string): Promise<RestartPoints | undefined> {
    const file = await readPlaces(path, MAGIC);
    return file && new RestartPoints(file.places.map(toPair), file.windows);
  }

  /** Returns the archive offset of the point that {@link before} would give, 0 for the start. */
  outBefore(offset: number): number {
    return this.#places.findLast(([, out]) => out <= offset)?.[1] ?? 0;
  }

  /** Returns the last point at or before an archive offset, `undefined` for the start. */
  before(offset: number): GzipPoint | undefined {
    const at = this.#places.findLastIndex(([, out]) => out <= offset);
    const place = this.#places[at];
    const window = this.#windows[at];
    return place && window ? { in: place[0], out: place[1], window: inflateRawSync(window) } : undefined;
  }
}

export function packWindow(window: Uint8Array): Buffer {
  return deflateRawSync(window, { level: 1 });
}

/** Reads a file with as many places as windows. */
export async function readPlaces(
  path: string,
  magic: string,
): Promise<{ readonly places: readonly unknown[]; readonly windows: readonly Buffer[] } | undefined> {
  const container = await readContainer(path, magic);
  const places = container?.header['places'];
  if (!container || !Array.isArray(places) || places.length !== container.parts.length) return undefined;
  return { places, windows: container.parts };
}

/** Reads one place of the header: its offsets in the blob and in the archive. */
export function toPair(pair: unknown): readonly [number, number] {
  return Array.isArray(pair) ? [Number(pair[0]), Number(pair[1])] : [0, 0];
}
