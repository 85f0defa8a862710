import { contentDigest } from '../oci/contentDigest.ts';
import { referrersTag, type Digest } from '../oci/digest.ts';
import { asObjects, parseJsonObject } from '../oci/json.ts';
import { OCI_INDEX } from '../oci/mediaTypes.ts';
import type { Document } from './content.ts';
import type { PublishTarget } from './target.ts';

/** An attached document is stored, but other clients keep removing it from the list. */
export class UnlistedReferrerError extends Error {
  constructor(repository: string, subject: Digest) {
    super(
      `A document attached to ${subject.slice(0, 19)} in ${repository} couldn't be listed, because another client changes the list at the same time. Try again.`,
    );
    this.name = 'UnlistedReferrerError';
  }
}

/** Another client may replace the index at the same time; registries ignore `If-Match`. */
const TRIES = 4;

/**
 * Lists a document in the index that stands in for the referrers API (distribution-spec, "Pushing
 * Manifests with Subject"), and keeps the entries that are there.
 * @throws {UnlistedReferrerError}
 */
export async function listReferrer(
  document: Document,
  subject: Digest,
  { writer, repository }: PublishTarget,
  signal: AbortSignal,
): Promise<void> {
  const tag = referrersTag(subject);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const found = await writer.manifest(repository, tag, signal);
    const json = (found && parseJsonObject(new TextDecoder().decode(found.bytes))) ?? {};
    const entries = asObjects(json.manifests);
    if (entries.some(({ digest }) => digest === document.digest)) return;
    const index = { ...json, schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...entries, entryOf(document)] };
    const bytes = Buffer.from(JSON.stringify(index));
    await writer.putManifest(repository, tag, { bytes, mediaType: OCI_INDEX, digest: contentDigest(bytes) }, signal);
  }
  const last = await writer.manifest(repository, tag, signal);
  const listed = asObjects(last && parseJsonObject(new TextDecoder().decode(last.bytes))?.manifests);
  if (!listed.some(({ digest }) => digest === document.digest)) throw new UnlistedReferrerError(repository, subject);
}

function entryOf({ manifest, mediaType, digest, bytes }: Document): object {
  if (manifest.kind === 'schema1') return { mediaType, digest, size: bytes.length };
  const artifactType = manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType ? { artifactType } : {}),
    ...(Object.keys(manifest.annotations).length > 0 ? { annotations: manifest.annotations } : {}),
  };
}
