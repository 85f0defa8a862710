import { X509Certificate } from '@sigstore/core';
import { isObject, parseJsonObject, type JsonObject } from '../oci/json.ts';
import { hideSecretValue } from '../secrets/secretText.ts';

/** Fulcio's certificate extensions (Fulcio, oid-info.md); `.8` and later are DER strings. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.57264.1.8': 'issuer',
  '1.3.6.1.4.1.57264.1.9': 'buildSigner',
  '1.3.6.1.4.1.57264.1.11': 'runner',
  '1.3.6.1.4.1.57264.1.12': 'sourceRepository',
  '1.3.6.1.4.1.57264.1.13': 'sourceCommit',
  '1.3.6.1.4.1.57264.1.14': 'sourceRef',
  '1.3.6.1.4.1.57264.1.18': 'buildConfig',
  '1.3.6.1.4.1.57264.1.20': 'buildTrigger',
  '1.3.6.1.4.1.57264.1.21': 'runUrl',
  '1.3.6.1.4.1.57264.1.22': 'sourceVisibility',
};

/** Longer values are only shown as they are. */
const LONGEST_PAYLOAD = 16 << 20;

/**
 * Makes a signature or attestation readable: decodes the payload of envelopes and the certificate
 * of bundles, and hides likely secrets, such as build arguments. Returns `undefined` for anything
 * else.
 * @param text a JSON document
 */
export function readableAttachment(text: string): string | undefined {
  const json = parseJsonObject(text);
  if (!json) return undefined;
  try {
    const readable = decode(json);
    return readable && JSON.stringify(hideIn(readable), null, 2);
  } catch (error) {
    // Hostile documents nest deeper than the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decode(json: JsonObject): JsonObject | undefined {
  if (typeof json._type === 'string' && 'predicate' in json) return json;
  if (isEnvelope(json)) return decodeEnvelope(json);
  if (!isObject(json.verificationMaterial)) return undefined;
  const material = decodeMaterial(json.verificationMaterial);
  if (!isObject(json.dsseEnvelope)) return { ...json, verificationMaterial: material };
  return { ...json, dsseEnvelope: decodeEnvelope(json.dsseEnvelope), verificationMaterial: material };
}

function isEnvelope(json: JsonObject): boolean {
  return typeof json.payload === 'string' && typeof json.payloadType === 'string';
}

/** Replaces an envelope's payload by what it contains. */
function decodeEnvelope(envelope: JsonObject): JsonObject {
  const { payload } = envelope;
  if (typeof payload !== 'string' || payload.length > LONGEST_PAYLOAD) return envelope;
  const decoded = parseJsonObject(Buffer.from(payload, 'base64').toString());
  return decoded ? { ...envelope, payload: decoded } : envelope;
}

function decodeMaterial(material: JsonObject): JsonObject {
  const { certificate, x509CertificateChain: chain } = material;
  if (isObject(certificate)) return { ...material, certificate: readCertificate(certificate) };
  if (!isObject(chain) || !Array.isArray(chain.certificates)) return material;
  const certificates = chain.certificates.map((item: unknown) => (isObject(item) ? readCertificate(item) : item));
  return { ...material, x509CertificateChain: { ...chain, certificates } };
}

/** Adds what a certificate says to its raw bytes. */
function readCertificate(certificate: JsonObject): JsonObject {
  const { rawBytes } = certificate;
  if (typeof rawBytes !== 'string') return certificate;
  try {
    const parsed = X509Certificate.parse(Buffer.from(rawBytes, 'base64'));
    const extensions = Object.entries(EXTENSIONS).flatMap(([oid, name]) => {
      const value = parsed.extension(oid)?.valueObj.subs[0]?.value.toString('utf8');
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      identity: parsed.subjectAltName,
      ...Object.fromEntries(extensions),
      validFrom: parsed.notBefore.toISOString(),
      validTo: parsed.notAfter.toISOString(),
      ...certificate,
    };
  } catch {
    // A hostile certificate; its bytes are shown as they are.
    return certificate;
  }
}

/** Hides likely secrets in all strings, by their names and forms. */
function hideIn(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return hideSecretValue(name, value).text;
  if (Array.isArray(value)) return value.map((item: unknown) => hideIn(item, name));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideIn(item, key)]));
}
