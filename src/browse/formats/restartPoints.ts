import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GzipPoint } from '../../layers/compression/inflate/inflate.ts';
import { pack, readContainer } from './container.ts';

/** Bytes of the archive between two places from which a gzip layer can be inflated: what a read at random costs at the most. */
export const POINT_DISTANCE = 4 << 20;

const MAGIC = 'PLP1';

/** Keeps the places that an inflater reports, each with its window compressed: some 10 kB for every 4 MiB of the archive. */
export class RestartPointRecorder {
  readonly #places: [number, number][] = [];
  readonly #windows: Buffer[] = [];

  record(point: GzipPoint): void {
    this.#places.push([point.in, point.out]);
    this.#windows.push(deflateRawSync(point.window, { level: 1 }));
  }

  finish(): Buffer {
    return pack(MAGIC, { places: this.#places }, this.#windows);
  }
}

/** The places from which a gzip layer can be inflated, in the order of the archive. */
export class RestartPoints {
  readonly #places: readonly (readonly [number, number])[];
  readonly #windows: readonly Buffer[];

  private constructor(places: readonly (readonly [number, number])[], windows: readonly Buffer[]) {
    this.#places = places;
    this.#windows = windows;
  }

  /** `undefined` when there are none, or the file is damaged: the layer is read from its beginning then. */
  static async read(path: string): Promise<RestartPoints | undefined> {
    const container = await readContainer(path, MAGIC);
    const places = container?.header['places'];
    if (!container || !Array.isArray(places) || places.length !== container.parts.length) return undefined;
    const pairs = places.map((pair: unknown): [number, number] =>
      Array.isArray(pair) ? [Number(pair[0]), Number(pair[1])] : [0, 0],
    );
    return new RestartPoints(pairs, container.parts);
  }

  /** Where in the archive the place lies that {@link before} would give; 0 = its beginning. */
  outBefore(offset: number): number {
    return this.#places.findLast(([, out]) => out <= offset)?.[1] ?? 0;
  }

  /** The last place at or before an offset of the archive; `undefined` = its beginning. */
  before(offset: number): GzipPoint | undefined {
    const at = this.#places.findLastIndex(([, out]) => out <= offset);
    const place = this.#places[at];
    const window = this.#windows[at];
    return place && window ? { in: place[0], out: place[1], window: inflateRawSync(window) } : undefined;
  }
}
