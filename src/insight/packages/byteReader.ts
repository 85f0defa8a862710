/** A database is not what it should be: damaged, or made to harm. */
export class DamagedDatabaseError extends Error {
  constructor(what: string) {
    super(`The database of packages cannot be read: ${what}.`);
    this.name = 'DamagedDatabaseError';
  }
}

/** A part of a file. @throws {DamagedDatabaseError} where the file has no such part */
export function partOf(file: Buffer, at: number, length: number): Buffer {
  if (!(at >= 0 && length >= 0 && at + length <= file.length))
    throw new DamagedDatabaseError('something in it points to a place behind its end');
  return file.subarray(at, at + length);
}

/** Goes through a chain of things that name each other, and refuses circles. */
export class Visits {
  readonly #seen = new Set<number>();

  /** @throws {DamagedDatabaseError} for the second time */
  add(place: number): void {
    if (this.#seen.has(place)) throw new DamagedDatabaseError('it runs in a circle');
    this.#seen.add(place);
  }
}
