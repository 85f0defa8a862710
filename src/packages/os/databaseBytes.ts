/** A package database is damaged, or crafted to do harm. */
export class DamagedDatabaseError extends Error {
  constructor(problem: string) {
    super(`The package database can't be read: ${problem}.`);
    this.name = 'DamagedDatabaseError';
  }
}

/** Returns a part of a file. @throws {DamagedDatabaseError} if the file ends before it */
export function partOf(file: Buffer, at: number, length: number): Buffer {
  if (!(at >= 0 && length >= 0 && at + length <= file.length))
    throw new DamagedDatabaseError('it points beyond its own end');
  return file.subarray(at, at + length);
}

/** Follows a chain of pages that name each other, and refuses circles. */
export class Visits {
  readonly #seen = new Set<number>();

  /** @throws {DamagedDatabaseError} for a page that was visited before */
  add(page: number): void {
    if (this.#seen.has(page)) throw new DamagedDatabaseError('its pages form a circle');
    this.#seen.add(page);
  }
}
