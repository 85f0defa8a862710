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

/** A restart point without its window. */
export type Place = Omit<GzipPoint, 'window'>;

/** Places where inflating a gzip layer can start, in archive order. */
export class RestartPoints<Known extends Place = Place> {
  readonly #places: readonly Known[];
  readonly #windows: readonly Buffer[];

  private constructor(places: readonly Known[], windows: readonly Buffer[]) {
    this.#places = places;
    this.#windows = windows;
  }

  /** Returns `undefined` if the file is missing or damaged. */
  static read(path: string): Promise<RestartPoints | undefined> {
    return RestartPoints.readAs(path, MAGIC, toPlace);
  }

  static async readAs<Known extends Place>(path: string, magic: string, parse: (place: unknown) => Known | undefined) {
    const container = await readContainer(path, magic);
    const stored = container?.header['places'];
    const places = Array.isArray(stored) ? stored.flatMap(place => parse(place) ?? []) : [];
    return container && places.length === container.parts.length
      ? new RestartPoints<Known>(places, container.parts)
      : undefined;
  }

  /** Returns the number of the last point at or before an archive offset, -1 for the start. */
  numberAt(offset: number): number {
    return this.#places.findLastIndex(({ out }) => out <= offset);
  }

  get(at: number): (Known & GzipPoint) | undefined {
    const [place, window] = [this.#places[at], this.#windows[at]];
    return place && window && { ...place, window: inflateRawSync(window) };
  }

  /** Returns the archive offset of the point that {@link before} would give, 0 for the start. */
  outBefore(offset: number): number {
    return this.#places[this.numberAt(offset)]?.out ?? 0;
  }

  /** Returns the last point at or before an archive offset, `undefined` for the start. */
  before(offset: number): GzipPoint | undefined {
    return this.get(this.numberAt(offset));
  }
}

export function packWindow(window: Uint8Array): Buffer {
  return deflateRawSync(window, { level: 1 });
}

export function toPlace(pair: unknown): Place {
  const [bits, out]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  return { in: Number(bits ?? 0), out: Number(out ?? 0) };
}
