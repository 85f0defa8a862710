import type { Descriptor } from '../oci/descriptor.ts';
import { COSIGN_SUFFIXES, cosignTag, isDigest, type Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { NotFoundError } from '../registry/errors.ts';
import { kindOf, kindOfPredicate, statedPredicate, type Attached } from './attached.ts';

/** What this room reads from a registry. */
export interface AttachedSource {
  manifest(
    repository: string,
    version: string,
    signal: AbortSignal,
    size?: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest }>;
  referrers(
    repository: string,
    digest: Digest,
    artifactType: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]>;
  blobBytes(repository: string, blob: Descriptor, limit: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** The manifests of an image that artifacts can be attached to. */
export interface Subjects {
  /** The index and the image that was chosen from it; or either one alone. */
  readonly manifests: readonly Digest[];
  /** BuildKit's attestation manifests, as the index lists them. */
  readonly attestations: readonly Descriptor[];
}

/** Statements that are looked for in an attestation manifest; BuildKit writes a handful. */
const MOST_STATEMENTS = 100;

/**
 * Lists what is attached to an image: referrers (distribution-spec, "Listing Referrers"), cosign's
 * tags made from a digest, and BuildKit's attestations. An artifact found in two ways is listed
 * once.
 * @throws what the registry answers, except that something isn't found
 */
export async function listAttached(
  source: AttachedSource,
  repository: string,
  { manifests, attestations }: Subjects,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const inIndex = attestations.map(item => attached(item, aboutOf(item)));
  const found = await Promise.all([
    ...manifests.map(digest => attachedTo(source, repository, digest, signal)),
    ...attestations.map(({ digest }) => referrersOf(source, repository, digest, signal)),
  ]);
  const attestationDigests = new Set(attestations.map(({ digest }) => digest));
  const listed = [...inIndex, ...found.flat()];
  const once = [...new Map([...listed].reverse().map(item => [item.descriptor.digest, item])).values()].reverse();
  return Promise.all(
    once.map(async item =>
      attestationDigests.has(item.descriptor.digest) ? withStatements(source, repository, item, signal) : item,
    ),
  );
}

function attached(descriptor: Descriptor, subject: Digest): Attached {
  const predicateType = statedPredicate(descriptor);
  return { descriptor, kind: kindOf(descriptor), subject, ...(predicateType === undefined ? {} : { predicateType }) };
}

/** The image that an attestation in an index is about. */
function aboutOf({ digest, annotations = {} }: Descriptor): Digest {
  const about = annotations['vnd.docker.reference.digest'];
  return isDigest(about) ? about : digest;
}

async function attachedTo(
  source: AttachedSource,
  repository: string,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const byTag = COSIGN_SUFFIXES.map(suffix => cosignArtifact(source, repository, subject, suffix, signal));
  const [referrers, ...tagged] = await Promise.all([referrersOf(source, repository, subject, signal), ...byTag]);
  return [...referrers, ...tagged.filter(item => item !== undefined)];
}

async function referrersOf(
  source: AttachedSource,
  repository: string,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Attached[]> {
  const referrers = await source.referrers(repository, subject, undefined, signal);
  return referrers.map(descriptor => attached(descriptor, subject));
}

async function cosignArtifact(
  source: AttachedSource,
  repository: string,
  subject: Digest,
  suffix: (typeof COSIGN_SUFFIXES)[number],
  signal: AbortSignal,
): Promise<Attached | undefined> {
  try {
    const { bytes, mediaType, digest } = await source.manifest(repository, cosignTag(subject, suffix), signal);
    return attached({ mediaType, digest, size: bytes.length, artifactType: `cosign.${suffix}` }, subject);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Names an attestation manifest by its statements; only its layers say which it has. */
async function withStatements(
  source: AttachedSource,
  repository: string,
  item: Attached,
  signal: AbortSignal,
): Promise<Attached> {
  const { digest, size } = item.descriptor;
  const { bytes, mediaType } = await source.manifest(repository, digest, signal, size);
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind !== 'image') return item;
  const stated = manifest.layers.slice(0, MOST_STATEMENTS).map(statedPredicate);
  const predicates = [...new Set(stated.filter(predicate => predicate !== undefined))];
  const kinds = [...new Set(predicates.map(kindOfPredicate))];
  const [predicateType] = predicates;
  const [kind] = kinds;
  if (kind === undefined || predicateType === undefined || kinds.length > 1) return item;
  return { ...item, kind, ...(predicates.length === 1 ? { predicateType } : {}) };
}
