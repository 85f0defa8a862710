import { X509Certificate as NodeCertificate } from 'node:crypto';
import { bundleFromJSON, type Bundle } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, VerificationError, Verifier, type SignedEntity } from '@sigstore/verify';
import type { JsonObject } from '../oci/json.ts';

/** What a valid signature proves: who signed, and when. */
export interface KeylessSigner {
  readonly identity: string;
  readonly issuer: string;
  readonly time?: Date;
}

/** The signature can't be checked, or is wrong. */
export class SignatureRefusedError extends Error {
  /** `unverifiable`: evidence is missing or unknown; `invalid`: a check failed. */
  readonly verdict: 'unverifiable' | 'invalid';
  constructor(verdict: 'unverifiable' | 'invalid', reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'SignatureRefusedError';
    this.verdict = verdict;
  }
}

const MEDIA_TYPES: readonly unknown[] = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
];

/** Kinds of log entries that the library reads; others aren't wrong, only unknown. */
const LOG_KINDS: readonly string[] = [
  'hashedrekord 0.0.1',
  'hashedrekord 0.0.2',
  'dsse 0.0.1',
  'dsse 0.0.2',
  'intoto 0.0.2',
];

/**
 * Parses a sigstore bundle (sigstore/protobuf-specs, sigstore_bundle.proto).
 * @throws {SignatureRefusedError} unknown version, or not readable
 */
export function parseBundle(json: JsonObject): Bundle {
  if (!MEDIA_TYPES.includes(json.mediaType)) {
    throw new SignatureRefusedError('unverifiable', 'Its bundle has a version that Peel does not know');
  }
  try {
    return bundleFromJSON(json);
  } catch (cause) {
    throw new SignatureRefusedError('unverifiable', "Its bundle can't be read", { cause });
  }
}

/**
 * Verifies a signature made with a short-lived certificate: certificate chain, log entries, time
 * and signature. Works offline.
 * @param artifact what a message signature signs; absent for envelopes, which contain it
 * @throws {SignatureRefusedError}
 */
export function verifyKeyless(
  bundle: Bundle,
  artifact: Uint8Array | undefined,
  roots: readonly TrustedRoot[],
): KeylessSigner {
  const kinds = bundle.verificationMaterial.tlogEntries.map(
    ({ kindVersion }) => `${kindVersion?.kind} ${kindVersion?.version}`,
  );
  const unknown = kinds.find(kind => !LOG_KINDS.includes(kind));
  if (unknown !== undefined) {
    throw new SignatureRefusedError('unverifiable', `Its log entry has a form that Peel can't read (${unknown})`);
  }
  const entity = readEntity(bundle, artifact);
  const refusals: SignatureRefusedError[] = [];
  for (const root of roots) {
    try {
      return verifyWith(root, entity);
    } catch (error) {
      refusals.push(refusalOf(error, root, entity));
    }
  }
  // A failed check says more than a root that doesn't know the signer.
  throw refusals.find(({ verdict }) => verdict === 'invalid') ?? refusals[0] ?? noRoot();
}

function noRoot(): SignatureRefusedError {
  return new SignatureRefusedError('unverifiable', 'No trust root is available');
}

function readEntity(bundle: Bundle, artifact: Uint8Array | undefined): SignedEntity {
  try {
    return toSignedEntity(bundle, artifact && Buffer.from(artifact));
  } catch (cause) {
    // Hostile certificates and timestamps make the library throw errors of any class.
    throw new SignatureRefusedError('unverifiable', "Its certificate or timestamp can't be read", { cause });
  }
}

function verifyWith(root: TrustedRoot, entity: SignedEntity): KeylessSigner {
  const material = toTrustMaterial(root);
  // A root without logs, such as GitHub's own for private repositories, relies on timestamps alone.
  const verifier = new Verifier(material, {
    ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0,
    tlogThreshold: material.tlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
  const { identity } = verifier.verify(entity);
  const name = identity?.subjectAlternativeName;
  const issuer = identity?.extensions?.issuer;
  if (name === undefined || name === '' || issuer === undefined || issuer === '') {
    throw new SignatureRefusedError('unverifiable', 'Its certificate does not name a signer that Peel can read');
  }
  const [time] = timesOf(entity);
  return { identity: name, issuer, ...(time ? { time } : {}) };
}

/** The times that vouch for the certificate, as the library reads them. */
function timesOf({ timestamps }: SignedEntity): Date[] {
  return timestamps.flatMap(item => {
    if (item.$case === 'timestamp-authority') return [item.timestamp.signingTime];
    // Without a promise, the log does not sign the time.
    return item.tlogEntry.inclusionPromise ? [new Date(Number(item.tlogEntry.integratedTime) * 1000)] : [];
  });
}

function refusalOf(error: unknown, root: TrustedRoot, entity: SignedEntity): SignatureRefusedError {
  if (error instanceof SignatureRefusedError) return error;
  const [verdict, reason] =
    error instanceof VerificationError
      ? explain(error.code, root, entity)
      : (['unverifiable', "It can't be read"] as const);
  return new SignatureRefusedError(verdict, reason, { cause: error });
}

function explain(
  code: VerificationError['code'],
  root: TrustedRoot,
  entity: SignedEntity,
): readonly ['unverifiable' | 'invalid', string] {
  switch (code) {
    case 'SIGNATURE_ERROR':
      return ['invalid', "The signature doesn't match the signed content"];
    case 'CERTIFICATE_ERROR':
      return explainCertificate(root, entity);
    case 'TLOG_BODY_ERROR':
      return ['invalid', 'Its log entry is about other content'];
    case 'TLOG_INCLUSION_PROMISE_ERROR':
    case 'TLOG_INCLUSION_PROOF_ERROR':
      return knowsLogs(root, entity)
        ? ['invalid', "The log's signature on its entry is wrong"]
        : ['unverifiable', 'Its log is not in the trust root'];
    case 'TIMESTAMP_ERROR':
      return timesOf(entity).length === 0
        ? ['unverifiable', 'No trusted time shows that the certificate was valid when it signed']
        : ['unverifiable', 'Its timestamp comes from an authority that is not in the trust root, or is wrong'];
    default:
      return ['unverifiable', 'It lacks a log entry that proves when it was made'];
  }
}

function explainCertificate(root: TrustedRoot, entity: SignedEntity): readonly ['unverifiable' | 'invalid', string] {
  if (entity.key.$case !== 'certificate') return ['unverifiable', 'It has no certificate'];
  const { certificate } = entity.key;
  if (!isIssuedBy(root, certificate.root.toDER())) {
    return ['unverifiable', "Its certificate's issuer is not in the trust root"];
  }
  const outside = timesOf(entity).some(time => !certificate.validForDate(time));
  if (outside) return ['invalid', 'Its certificate was not valid when it signed'];
  return ['unverifiable', 'Its certificate is not in a certificate log of the trust root'];
}

function isIssuedBy({ certificateAuthorities }: TrustedRoot, leaf: Buffer): boolean {
  const certificate = new NodeCertificate(leaf);
  const authorities = certificateAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []);
  return authorities.some(({ rawBytes }) => {
    const issuer = new NodeCertificate(rawBytes);
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}

function knowsLogs({ tlogs }: TrustedRoot, { tlogEntries }: SignedEntity): boolean {
  const known = tlogs.map(({ logId }) => logId?.keyId.toString('hex'));
  return tlogEntries.every(({ logId }) => known.includes(logId.keyId.toString('hex')));
}
