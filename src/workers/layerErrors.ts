import type { Digest } from '../oci/digest.ts';
import { errorCode } from '../oci/errorCode.ts';

/** A layer's uncompressed bytes differ from the diff ID in the image's config. */
export class DiffIdMismatchError extends Error {
  readonly expected: Digest;
  readonly actual: Digest;
  constructor(expected: Digest, actual: Digest) {
    super(
      `A layer's content does not fit the image's config: expected diff ID ${expected}, got ${actual}. It was not extracted. The image is damaged at its source.`,
    );
    this.name = 'DiffIdMismatchError';
    this.expected = expected;
    this.actual = actual;
  }
}

/** The disk has no room left for a file being written. */
export class DiskFullError extends Error {
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(
      `The disk is full: there was no room left for ${path}. What was downloaded so far is kept; free some space and pull again, it goes on from there.`,
      options,
    );
    this.name = 'DiskFullError';
    this.path = path;
  }
}

/** The worker thread ended in the middle of a job, most likely because it ran out of memory. */
export class WorkerCrashedError extends Error {
  constructor(options?: ErrorOptions) {
    super(
      'The thread that unpacked a layer ended unexpectedly. Try again; with less memory set "peel.concurrency" to 1.',
      options,
    );
    this.name = 'WorkerCrashedError';
  }
}

/** A layer's blob that should be on this disk is missing or does not match its digest. */
export class StoredBlobError extends Error {
  /** Number of the layer; 1 is the base. */
  readonly layer: number;
  readonly digest: Digest;
  /** The blob's file. */
  readonly path: string;
  constructor(layer: number, digest: Digest, path: string, problem: 'missing' | 'damaged', options?: ErrorOptions) {
    const remedy = {
      missing: `${path} is not there. Pull the image again`,
      damaged: `${path} is not what its digest says. Remove this file and pull the image again`,
    }[problem];
    super(`The blob of layer ${layer} is ${problem}: ${remedy}; only what is missing is downloaded.`, options);
    this.name = 'StoredBlobError';
    this.layer = layer;
    this.digest = digest;
    this.path = path;
  }
}

/** Replaces the error of a full disk by one with a remedy. @param path of the file being written */
export function withRemedy(error: unknown, path: string): unknown {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' ? new DiskFullError(path, { cause: error }) : error;
}
