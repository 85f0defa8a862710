/** A gzip or deflate stream cannot be decoded: it is damaged, cut short, or none at all. */
export class InflateError extends Error {
  /** Bytes of input up to where it was noticed. */
  readonly at: number;
  /** True when the input ended too early; more of it might have been right. */
  readonly truncated: boolean;

  constructor(problem: string, at: number, truncated = false) {
    super(`The compressed data is ${truncated ? 'cut short' : 'damaged'}: ${problem}, at byte ${at}`);
    this.name = 'InflateError';
    this.at = at;
    this.truncated = truncated;
  }
}
