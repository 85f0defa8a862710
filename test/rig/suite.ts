/** A suite's results. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts for a suite without results: its process crashed or hung. */
export const broken: Readonly<Counts> = { passed: 0, failed: 1, skipped: 0 };

/** Returns a suite's closing line, such as `unit: 3 passed, 0 failed, 0 skipped in 2 s`. */
export function writeCountsLine(suite: string, counts: Counts, milliseconds: number, reason?: string): string {
  const { passed, failed, skipped } = counts;
  const line = `${suite}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${Math.round(milliseconds / 1000)} s`;
  return reason === undefined ? line : `${line}: ${reason}`;
}

/** Reads a line of {@link writeCountsLine}. */
export function readCountsLine(line: string): Counts {
  const [, passed, failed, skipped] = /^\w+: (\d+) passed, (\d+) failed, (\d+) skipped /.exec(line) ?? [];
  return passed === undefined ? broken : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}
