/**
 * Returns the `code` of Node's own errors (`ENOENT`, `ECONNRESET`, …); undefined for other thrown
 * values.
 */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
