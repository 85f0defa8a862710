/** A content digest as registries write it, `algorithm:hex` (image-spec, descriptor.md#digests). */
export type Digest = `${string}:${string}`;

/** Hash algorithms that Peel verifies, with the lengths of their hex digits. Others are refused. */
const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** The string isn't a digest, or names an algorithm that Peel doesn't verify. */
export class InvalidDigestError extends Error {
  readonly text: string;
  constructor(text: string) {
    super(
      `"${text.slice(0, 160)}" isn't a valid digest: expected sha256: and 64 lower-case hex digits, or sha512: and 128`,
    );
    this.name = 'InvalidDigestError';
    this.text = text;
  }
}

/** Returns whether `text` is a digest that Peel can verify, with the right length and case. */
export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  const colon = text.indexOf(':');
  const length = HEX_LENGTH[text.slice(0, colon)];
  return length !== undefined && text.length === colon + 1 + length && /^[0-9a-f]+$/.test(text.slice(colon + 1));
}

/** Checks a string from outside. @throws {InvalidDigestError} */
export function parseDigest(text: unknown): Digest {
  if (!isDigest(text)) throw new InvalidDigestError(String(text));
  return text;
}

/** Returns the part before the colon; node:crypto's `createHash` takes it as it is. */
export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** Returns the part after the colon; safe as a file name once the digest was parsed. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** Returns twelve hex digits, enough to tell two digests apart. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}

/**
 * Returns the tag that clients write if a registry has no referrers API: the digest with a `-`,
 * shortened to fit (distribution-spec, "Referrers Tag Schema").
 */
export function referrersTag(digest: Digest): string {
  return `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}`;
}

/** Suffixes of the tags by which cosign attaches artifacts where it writes no referrers. */
export const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** Returns the tag of what cosign attaches to a manifest (cosign, SIGNATURE_SPEC). */
export function cosignTag(digest: Digest, suffix: (typeof COSIGN_SUFFIXES)[number]): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest)}.${suffix}`;
}
