import { isObject, parseJsonObject } from './json.ts';

/** The signatures of a schema 1 manifest don't say, or don't agree on, which bytes they sign. */
export class InvalidSignatureError extends Error {
  constructor(reason: string) {
    super(
      `The manifest's signature block is broken: ${reason}. Try a newer tag, or report it to the registry's owner.`,
    );
    this.name = 'InvalidSignatureError';
  }
}

/**
 * Returns the bytes that a schema 1 manifest's digest covers: the document before its signatures
 * were added, or all of it if it isn't signed (distribution, manifest-v2-1.md#signed-manifests;
 * libtrust's "pretty" JWS).
 * @throws {InvalidSignatureError}
 */
export function schema1Payload(raw: Uint8Array): Uint8Array {
  const document = parseJsonObject(new TextDecoder().decode(raw));
  const signatures = document?.signatures;
  if (signatures === undefined) return raw;
  if (!Array.isArray(signatures) || signatures.length === 0) throw new InvalidSignatureError('it has no signature');
  let agreed: { length: number; tail: string } | undefined;
  for (const signature of signatures) {
    const format = protectedFormat(signature);
    if (agreed !== undefined && (agreed.length !== format.length || agreed.tail !== format.tail)) {
      throw new InvalidSignatureError('its signatures sign different content');
    }
    agreed = format;
  }
  if (agreed === undefined || agreed.length > raw.length)
    throw new InvalidSignatureError('it signs more bytes than there are');
  return Buffer.concat([raw.subarray(0, agreed.length), Buffer.from(agreed.tail, 'base64url')]);
}

function protectedFormat(signature: unknown): { length: number; tail: string } {
  const header = isObject(signature) && typeof signature.protected === 'string' ? signature.protected : undefined;
  const format = header === undefined ? undefined : parseJsonObject(Buffer.from(header, 'base64url').toString('utf8'));
  const length = format?.formatLength;
  const tail = format?.formatTail;
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || typeof tail !== 'string') {
    throw new InvalidSignatureError('a protected header lacks formatLength or formatTail');
  }
  return { length, tail };
}
