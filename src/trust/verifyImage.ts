import type { KeyObject } from 'node:crypto';
import { contentDigest } from '../oci/contentDigest.ts';
import type { Digest } from '../oci/digest.ts';
import { InvalidManifestError } from '../oci/manifest.ts';
import type { Attached, AttachedKind } from './attached.ts';
import { readEvidence, type Evidence } from './evidence.ts';
import { listAttached, type AttachedSource, type Subjects } from './listAttached.ts';
import { signedContentOf, type SignedContent } from './signedContent.ts';
import { UnusableStatementError } from './statement.ts';
import type { TrustRoots } from './trustRoot.ts';
import { isSignedBy } from './verifyKey.ts';
import { parseBundle, SignatureRefusedError, verifyKeyless, type KeylessSigner } from './verifyKeyless.ts';

/** Whose signature is accepted; with neither a key nor an identity, every signer is another. */
export interface Policy {
  readonly key?: KeyObject;
  /** Compared exactly, character by character. */
  readonly identity?: string;
  readonly issuer?: string;
  readonly roots: TrustRoots;
}

/**
 * `valid`: signed by the signer whom the policy names. `otherSigner`: signed by someone else.
 * `unverifiable`: the signer, log or form is unknown. `invalid`: a check failed. `none`: nothing is
 * attached that is signed.
 */
export type Verdict = 'valid' | 'otherSigner' | 'unverifiable' | 'invalid' | 'none';

/** What was found out about one signature. */
export interface SignatureReport {
  /** What the signature vouches for, such as a provenance. */
  readonly kind: AttachedKind;
  readonly verdict: Exclude<Verdict, 'none'>;
  /** The certificate's identity, or the digest of the public key. */
  readonly signer?: string;
  /** Who confirmed the identity. */
  readonly issuer?: string;
  /** When it was signed, as a log or timestamp authority confirms; ISO 8601. */
  readonly time?: string;
  /** The manifest that is signed, or for a signature that failed, the one it is attached to. */
  readonly covers: Digest;
  /** Why the verdict isn't `valid`. */
  readonly reason?: string;
}

/** Whether an image is signed, and by whom. */
export interface VerifiedImage {
  readonly verdict: Verdict;
  /** The manifest that the verdict is about. */
  readonly digest: Digest;
  readonly signatures: readonly SignatureReport[];
}

/** Verdicts by how much they say about the image, the most telling first. */
const ORDER: readonly Verdict[] = ['valid', 'otherSigner', 'invalid', 'unverifiable'];
/** Artifacts that are read to look for signatures. */
const MOST_ATTACHED = 100;

/** The signatures of an image, not yet verified, and the manifests that they may cover. */
export interface CollectedEvidence {
  readonly evidence: readonly Evidence[];
  /** The index and the image, byte for byte; the reference's own first. */
  readonly manifests: ReadonlyMap<Digest, Uint8Array>;
  readonly attestations: readonly Digest[];
}

/**
 * Downloads the signatures that are attached to an image.
 * @param manifests the index and the image that `subjects` names, byte for byte; the reference's
 * own first
 * @throws what the registry answers
 */
export async function collectEvidence(
  source: AttachedSource,
  repository: string,
  manifests: ReadonlyMap<Digest, Uint8Array>,
  subjects: Subjects,
  signal: AbortSignal,
): Promise<CollectedEvidence> {
  const attached = await listAttached(source, repository, subjects, signal);
  const evidence = await Promise.all(
    attached.slice(0, MOST_ATTACHED).map(item => evidenceIn(source, repository, item, signal)),
  );
  return { evidence: evidence.flat(), manifests, attestations: subjects.attestations.map(({ digest }) => digest) };
}

/**
 * Verifies an image's signatures, without a request. Says nothing about whether the image is safe,
 * the tag right or a certificate revoked.
 */
export function verifyEvidence(
  { evidence, manifests, attestations }: CollectedEvidence,
  policy: Policy,
): VerifiedImage {
  const covered = [...manifests.keys(), ...attestations];
  const signatures = evidence.map(item => check(item, manifests, covered, policy));
  return summarize(signatures, [...manifests.keys()]);
}

async function evidenceIn(
  source: AttachedSource,
  repository: string,
  item: Attached,
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  try {
    return await readEvidence(source, repository, item, signal);
  } catch (error) {
    if (!(error instanceof InvalidManifestError)) throw error;
    return [{ kind: item.kind, subject: item.descriptor.digest, form: 'unsupported', reason: "It can't be read" }];
  }
}

/** A signature on the builder's attestations alone says nothing about the image itself. */
function summarize(signatures: readonly SignatureReport[], manifests: readonly Digest[]): VerifiedImage {
  const [own = contentDigest(new Uint8Array())] = manifests;
  const telling = signatures.filter(({ covers }) => manifests.includes(covers));
  for (const verdict of ORDER) {
    // The reference's own manifest counts before a platform's.
    const found = manifests.find(digest => telling.some(item => item.verdict === verdict && item.covers === digest));
    if (found) return { verdict, digest: found, signatures };
  }
  return { verdict: signatures.length > 0 ? 'unverifiable' : 'none', digest: own, signatures };
}

function check(
  evidence: Evidence,
  manifests: ReadonlyMap<Digest, Uint8Array>,
  covered: readonly Digest[],
  policy: Policy,
): SignatureReport {
  const { kind, subject } = evidence;
  if (evidence.form === 'unsupported') {
    return { kind, verdict: 'unverifiable', covers: subject, reason: evidence.reason };
  }
  try {
    const content = signedContentOf(evidence, manifests);
    const judged = judge(content, policy);
    return { ...judged, ...content.claim(covered) };
  } catch (error) {
    if (error instanceof SignatureRefusedError) {
      return { kind, verdict: error.verdict, covers: subject, reason: error.message };
    }
    if (!(error instanceof UnusableStatementError)) throw error;
    return { kind, verdict: 'invalid', covers: subject, reason: error.message };
  }
}

type Judged = Pick<SignatureReport, 'verdict' | 'signer' | 'issuer' | 'time' | 'reason'>;

/** @throws {SignatureRefusedError} */
function judge({ content, signature, keyless }: SignedContent, policy: Policy): Judged {
  if (policy.key && isSignedBy(policy.key, content, signature))
    return { verdict: 'valid', signer: nameOfKey(policy.key) };
  if (!keyless) {
    throw policy.key
      ? new SignatureRefusedError('invalid', "It doesn't match the public key")
      : new SignatureRefusedError('unverifiable', 'It was made with a key. Choose its public key to verify it');
  }
  const signer = verifyKeyless(parseBundle(keyless), content, policy.roots.roots);
  const { identity, issuer, time } = signer;
  const report = { signer: identity, issuer, ...(time ? { time: time.toISOString() } : {}) };
  const reason = unlikePolicy(signer, policy);
  return reason === undefined ? { verdict: 'valid', ...report } : { verdict: 'otherSigner', ...report, reason };
}

function unlikePolicy({ identity, issuer }: KeylessSigner, policy: Policy): string | undefined {
  if (policy.identity === undefined) {
    return policy.key ? 'It was not made with the public key' : 'No signer was named to compare with';
  }
  if (identity !== policy.identity) return `It was signed by ${identity}`;
  if (issuer !== policy.issuer) return `The identity was confirmed by ${issuer}`;
  return undefined;
}

/** A key's name: the digest of its public half. */
function nameOfKey(key: KeyObject): string {
  return contentDigest(key.export({ type: 'spki', format: 'der' }));
}
