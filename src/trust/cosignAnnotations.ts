import { isObject, parseJsonObject, type JsonObject } from '../oci/json.ts';

/**
 * Returns the sigstore bundle that a keyless signature in cosign's annotations amounts to (cosign,
 * SIGNATURE_SPEC); undefined if it has no certificate.
 * @param content the bundle's signature member
 */
export function bundleOfAnnotations(
  annotations: Readonly<Record<string, string>>,
  content: JsonObject,
): JsonObject | undefined {
  const certificate = pemBytes(annotations['dev.sigstore.cosign/certificate']);
  if (certificate === undefined) return undefined;
  const entry = logEntryOf(annotations['dev.sigstore.cosign/bundle']);
  const timestamp = member(annotations['dev.sigstore.cosign/rfc3161timestamp'], 'SignedRFC3161Timestamp');
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: certificate }] },
      tlogEntries: entry ? [entry] : [],
      timestampVerificationData: {
        rfc3161Timestamps: typeof timestamp === 'string' ? [{ signedTimestamp: timestamp }] : [],
      },
    },
    ...content,
  };
}

function logEntryOf(text: string | undefined): JsonObject | undefined {
  const promise = member(text, 'SignedEntryTimestamp');
  const payload = member(text, 'Payload');
  if (typeof promise !== 'string' || !isObject(payload)) return undefined;
  const { body, integratedTime, logIndex, logID } = payload;
  if (typeof body !== 'string' || typeof logID !== 'string') return undefined;
  const decoded = parseJsonObject(Buffer.from(body, 'base64').toString());
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind: String(decoded?.kind), version: String(decoded?.apiVersion) },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: promise },
    canonicalizedBody: body,
  };
}

function member(text: string | undefined, name: string): unknown {
  return text === undefined ? undefined : parseJsonObject(text)?.[name];
}

/** The first certificate of a PEM file, as DER in base64. */
function pemBytes(pem: string | undefined): string | undefined {
  return pem?.match(/-----BEGIN CERTIFICATE-----([^-]{1,20000})-----END/)?.[1]?.replaceAll(/\s/g, '');
}
