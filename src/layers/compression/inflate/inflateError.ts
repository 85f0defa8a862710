/** A gzip or deflate stream is damaged, cut short, or something else. */
export class InflateError extends Error {
  /** Bytes of input before the problem was noticed. */
  readonly at: number;
  /** True if the input ended too early, so that more of it may be valid. */
  readonly truncated: boolean;

  constructor(problem: string, at: number, truncated = false) {
    super(`The compressed data is ${truncated ? 'cut short' : 'damaged'}: ${problem}, at byte ${at}`);
    this.name = 'InflateError';
    this.at = at;
    this.truncated = truncated;
  }
}
