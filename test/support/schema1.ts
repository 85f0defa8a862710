import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Creates a key for signing schema 1 manifests. Any key will do, since nothing checks whose it is.
 */
export function signingKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/**
 * Signs a JSON string as libtrust does: the signatures are inside the document, and each says by
 * `formatLength` and `formatTail` how to restore the signed text (distribution, manifest-v2-1). The
 * manifest's digest is the digest of that text, `payload`.
 */
export function signPretty(payload: string, keys: readonly KeyObject[]): Buffer {
  const tail = /\s*\}\s*$/.exec(payload)?.[0] ?? '}';
  const head = payload.slice(0, payload.length - tail.length);
  const protectedHeader = base64url(
    JSON.stringify({
      formatLength: Buffer.byteLength(head),
      formatTail: base64url(tail),
      time: '2024-01-01T00:00:00Z',
    }),
  );
  const input = `${protectedHeader}.${base64url(payload)}`;
  const signatures = keys.map(key => ({
    header: { jwk: publicJwk(key), alg: 'ES256' },
    signature: sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    protected: protectedHeader,
  }));
  const text = JSON.stringify(signatures, undefined, 3).replaceAll('\n', '\n   ');
  return Buffer.from(`${head},\n   "signatures": ${text}${tail}`);
}

function publicJwk(key: KeyObject): Record<string, unknown> {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  return { crv, kid: keyId(key), kty, x, y };
}

/** libtrust's key id: 240 bits of the public key's hash in base32, in groups of four. */
function keyId(key: KeyObject): string {
  const publicKey = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), bytesOf(publicKey.x), bytesOf(publicKey.y)]);
  // The SubjectPublicKeyInfo of a P-256 key is this prefix and the point.
  const prefix = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
  const hash = createHash('sha256').update(prefix).update(point).digest().subarray(0, 30);
  const bits = [...hash].map(byte => byte.toString(2).padStart(8, '0')).join('');
  const letters = (bits.match(/.{5}/g) ?? []).map(five => BASE32[Number.parseInt(five, 2)]).join('');
  return (letters.match(/.{4}/g) ?? []).join(':');
}

function bytesOf(coordinate: string | undefined): Buffer {
  return Buffer.from(coordinate ?? '', 'base64url');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
