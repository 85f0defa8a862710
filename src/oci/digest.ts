/** A content digest as registries write it, `algorithm:hex` (image-spec, descriptor.md#digests). */
export type Digest = `${string}:${string}`;

/** The hash algorithms that Peel verifies; others are refused, for a blob that cannot be checked cannot be trusted. */
const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** The digest is not one, or names an algorithm that cannot be checked here. */
export class InvalidDigestError extends Error {
  readonly text: string;
  constructor(text: string) {
    super(
      `"${text.slice(0, 160)}" is no valid digest: expected sha256: and 64 lower-case hex digits, or sha512: and 128`,
    );
    this.name = 'InvalidDigestError';
    this.text = text;
  }
}

/** True for a digest whose algorithm Peel can verify and whose hex part has the right length and case. */
export function isDigest(text: unknown): text is Digest {
  if (typeof text !== 'string') return false;
  const colon = text.indexOf(':');
  const length = HEX_LENGTH[text.slice(0, colon)];
  return length !== undefined && text.length === colon + 1 + length && /^[0-9a-f]+$/.test(text.slice(colon + 1));
}

/** Checks a text from outside. @throws {InvalidDigestError} */
export function parseDigest(text: unknown): Digest {
  if (!isDigest(text)) throw new InvalidDigestError(String(text));
  return text;
}

/** The part before the colon, which node:crypto's `createHash` takes as it is. */
export function digestAlgorithm(digest: Digest): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The part behind the colon; safe as a file name once the digest was checked. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** Twelve hex digits: enough for a person to tell two digests apart. */
export function shortDigest(digest: Digest): string {
  return digestHex(digest).slice(0, 12);
}
