import { contentDigest } from '../oci/contentDigest.ts';
import { digestHex, type Digest } from '../oci/digest.ts';
import { asObjects, asString, isObject, type JsonObject } from '../oci/json.ts';
import { kindOfPredicate, type AttachedKind } from './attached.ts';
import { bundleOfAnnotations } from './cosignAnnotations.ts';
import type { Evidence } from './evidence.ts';
import { coveredBy, parseStatement, parseUnambiguous, UnusableStatementError } from './statement.ts';
import { preAuthEncoding } from './verifyKey.ts';

/** What a signature says once it is verified. */
export interface Claim {
  readonly kind: AttachedKind;
  /** The manifest that it names. */
  readonly covers: Digest;
}

/** A signature in the form that verifying needs, however it was attached. */
export interface SignedContent {
  /** The bytes that the signature is made over. */
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  /** A sigstore bundle with a certificate; absent for signatures made with a key. */
  readonly keyless?: JsonObject;
  /**
   * Reads what was signed; only for use after verifying.
   * @param wanted the manifests of the image
   * @throws {UnusableStatementError} it is about something else
   */
  claim(wanted: readonly Digest[]): Claim;
}

/** The type in cosign's payload (cosign, SIGNATURE_SPEC). */
const COSIGN_TYPE = 'cosign container image signature';
const OTHER_IMAGE = 'It was made for another image';

/**
 * Brings a signature into the form that verifying needs.
 * @param manifests the manifests of the image, byte for byte
 * @throws {UnusableStatementError} a part is missing
 */
export function signedContentOf(
  evidence: Exclude<Evidence, { readonly form: 'unsupported' }>,
  manifests: ReadonlyMap<Digest, Uint8Array>,
): SignedContent {
  if (evidence.form === 'cosign') return ofCosign(evidence.payload, evidence.annotations);
  if (evidence.form === 'bundle') return ofBundle(evidence.bundle, evidence.kind, manifests);
  const { envelope, annotations } = evidence;
  return ofEnvelope(envelope, bundleOfAnnotations(annotations, { dsseEnvelope: envelope }));
}

function ofCosign(payload: Uint8Array, annotations: Readonly<Record<string, string>>): SignedContent {
  const signature = bytesOf(annotations['dev.cosignproject.cosign/signature']);
  const digest = Buffer.from(digestHex(contentDigest(payload)), 'hex').toString('base64');
  const keyless = bundleOfAnnotations(annotations, {
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest },
      signature: Buffer.from(signature).toString('base64'),
    },
  });
  return {
    content: payload,
    signature,
    ...(keyless ? { keyless } : {}),
    claim: wanted => {
      const { critical } = parseUnambiguous(payload);
      const { type, image } = isObject(critical) ? critical : {};
      const named = isObject(image) ? image['docker-manifest-digest'] : undefined;
      const covers = type === COSIGN_TYPE ? wanted.find(digest => digest === named) : undefined;
      if (covers === undefined) throw new UnusableStatementError(OTHER_IMAGE);
      return { kind: 'signature', covers };
    },
  };
}

function ofEnvelope(envelope: JsonObject, keyless: JsonObject | undefined): SignedContent {
  const payload = bytesOf(asString(envelope.payload));
  const payloadType = asString(envelope.payloadType) ?? '';
  const [first, ...more] = asObjects(envelope.signatures);
  // The library verifies the first one alone.
  if (!first || more.length > 0) throw new UnusableStatementError("Its envelope doesn't have exactly one signature");
  return {
    content: preAuthEncoding(payloadType, payload),
    signature: bytesOf(asString(first.sig)),
    ...(keyless ? { keyless } : {}),
    claim: wanted => {
      const statement = parseStatement(payload, payloadType);
      const covers = coveredBy(statement, wanted);
      if (covers === undefined) throw new UnusableStatementError(OTHER_IMAGE);
      return { kind: kindOfPredicate(statement.predicateType), covers };
    },
  };
}

function ofBundle(bundle: JsonObject, kind: AttachedKind, manifests: ReadonlyMap<Digest, Uint8Array>): SignedContent {
  const material = isObject(bundle.verificationMaterial) ? bundle.verificationMaterial : {};
  const keyless = 'publicKey' in material ? undefined : bundle;
  if ('dsseEnvelope' in bundle && 'messageSignature' in bundle) {
    throw new UnusableStatementError('Its bundle contains two kinds of signature');
  }
  if (isObject(bundle.dsseEnvelope)) return ofEnvelope(bundle.dsseEnvelope, keyless);
  const message = isObject(bundle.messageSignature) ? bundle.messageSignature : {};
  const named = isObject(message.messageDigest) ? asString(message.messageDigest.digest) : undefined;
  const hex = Buffer.from(named ?? '', 'base64').toString('hex');
  // Such a signature is over the manifest's own bytes.
  const [covers, content] = [...manifests].find(([, bytes]) => digestHex(contentDigest(bytes)) === hex) ?? [];
  if (covers === undefined || content === undefined) throw new UnusableStatementError(OTHER_IMAGE);
  return {
    content,
    signature: bytesOf(asString(message.signature)),
    ...(keyless ? { keyless } : {}),
    claim: () => ({ kind, covers }),
  };
}

function bytesOf(base64: string | undefined): Uint8Array {
  if (base64 === undefined) throw new UnusableStatementError('A part of the signature is missing');
  return Buffer.from(base64, 'base64');
}
