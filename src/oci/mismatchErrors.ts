import type { Digest } from './digest.ts';

/**
 * Content that is not what its descriptor announces. It is dropped; asking again or elsewhere may
 * help.
 */
export class MismatchError extends Error {
  override name = 'MismatchError';
}

/** The content's digest differs from the expected one. */
export class DigestMismatchError extends MismatchError {
  readonly expected: Digest;
  readonly actual: Digest;
  /** @param source the host that sent the content, where it is known */
  constructor(expected: Digest, actual: Digest, source?: string) {
    super(
      `The content${source === undefined ? '' : ` from ${source}`} doesn't match its digest: expected ${expected}, got ${actual}. Something on the way changed or damaged it. Try again or use a mirror.`,
    );
    this.name = 'DigestMismatchError';
    this.expected = expected;
    this.actual = actual;
  }
}

/** The content is longer or shorter than announced, in bytes. */
export class SizeMismatchError extends MismatchError {
  readonly expected: number;
  readonly actual: number;
  /**
   * @param content the digest or tag of the content
   * @param source the host that sent the content, where it is known
   */
  constructor(content: string, expected: number, actual: number, source?: string) {
    const from = source === undefined ? '' : ` from ${source}`;
    super(
      `The content of ${content}${from} should have ${expected} bytes, but has ${actual > expected ? 'more' : `only ${actual}`}. Try again or use a mirror.`,
    );
    this.name = 'SizeMismatchError';
    this.expected = expected;
    this.actual = actual;
  }
}
