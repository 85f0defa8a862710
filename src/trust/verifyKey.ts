import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** A file isn't a public key. */
export class InvalidPublicKeyError extends Error {
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`${file} isn't a public key in PEM. Choose a file such as cosign.pub.`, options);
    this.name = 'InvalidPublicKeyError';
    this.file = file;
  }
}

/**
 * Parses a public key, such as cosign's `cosign.pub`.
 * @param file its path, for messages
 * @throws {InvalidPublicKeyError}
 */
export function parsePublicKey(pem: string, file: string): KeyObject {
  // createPublicKey also accepts a private key, which must not be shared.
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) throw new InvalidPublicKeyError(file);
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new InvalidPublicKeyError(file, { cause });
  }
}

/** Hashes by the size of a key: cosign uses SHA-256 for all, others the one that fits the curve. */
const HASHES = ['sha256', 'sha384', 'sha512'] as const;

/** Returns whether a key made a signature: ECDSA (DER), RSA (PKCS #1) or Ed25519. */
export function isSignedBy(key: KeyObject, content: Uint8Array, signature: Uint8Array): boolean {
  // Electron's crypto refuses EC and RSA keys without a named hash, and Ed25519 keys with one.
  const hashes = key.asymmetricKeyType?.startsWith('ed') === true ? [null] : HASHES;
  return hashes.some(hash => {
    try {
      return verify(hash, content, key, signature);
    } catch {
      return false;
    }
  });
}

/** The bytes that the signature of an envelope covers (DSSE, "Pre-Authentication Encoding"). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}
