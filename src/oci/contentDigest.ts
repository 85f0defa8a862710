import { createHash } from 'node:crypto';
import { digestAlgorithm, type Digest } from './digest.ts';

/** Returns the digest of `bytes`. */
export function contentDigest(bytes: Uint8Array, algorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Returns whether `bytes` are the content that `digest` names. */
export function matchesDigest(bytes: Uint8Array, digest: Digest): boolean {
  return contentDigest(bytes, digestAlgorithm(digest)) === digest;
}
