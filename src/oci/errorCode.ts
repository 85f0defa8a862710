/** The `code` that Node's own errors carry (`ENOENT`, `ECONNRESET`, …); undefined for every other thrown value. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
