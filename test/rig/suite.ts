/** A suite's results, for the closing line. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts for a suite without results: its process crashed or hung. */
export const broken: Counts = { passed: 0, failed: 1, skipped: 0 };
