/** What a suite found, for the closing line. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A suite that could not even be counted: its process crashed, hung, or wrote no result. */
export const broken: Counts = { passed: 0, failed: 1, skipped: 0 };
