import type { Descriptor } from '../oci/descriptor.ts';
import { withBlobBody } from './blobBody.ts';
import type { Content, Document, SourceRepository } from './content.ts';
import { inParallel } from './inParallel.ts';
import { listReferrer } from './referrersTag.ts';
import type { PublishTarget, PublishWatch } from './target.ts';

/** What a target lacks. */
export interface Survey {
  readonly missing: readonly Descriptor[];
  /** Bytes of the missing blobs. */
  readonly size: number;
}

const QUESTIONS_AT_ONCE = 8;
/** Docker sends five blobs at a time, crane four. */
const BLOBS_AT_ONCE = 4;

/** Finds out which of an image's blobs a repository lacks. */
export async function survey(
  blobs: readonly Descriptor[],
  target: PublishTarget,
  signal: AbortSignal,
): Promise<Survey> {
  const missing: Descriptor[] = [];
  await inParallel(blobs, QUESTIONS_AT_ONCE, signal, async (blob, both) => {
    if (!(await target.writer.hasBlob(target.repository, blob.digest, both))) missing.push(blob);
  });
  return { missing, size: missing.reduce((sum, { size }) => sum + size, 0) };
}

/**
 * Copies blobs into a repository, several at a time.
 * @param mountFrom a repository of the same registry that may have them
 */
export async function publishBlobs(
  { missing, size: total }: Survey,
  { source, repository }: SourceRepository,
  target: PublishTarget,
  mountFrom: string | undefined,
  { signal, report }: PublishWatch,
): Promise<void> {
  const blobs = source.blobs(repository);
  let done = 0;
  const count = (bytes: number): void => report((done += bytes), total);
  // The largest first, so that none of them is left alone at the end.
  const ordered = missing.toSorted((one, other) => other.size - one.size);
  await inParallel(ordered, BLOBS_AT_ONCE, signal, async (blob, both) => {
    const outcome = await withBlobBody(blobs, blob, both, body =>
      target.writer.uploadBlob(target.repository, body, { mountFrom, report: count }, both),
    );
    if (outcome !== 'sent') count(blob.size);
  });
}

/**
 * Stores the documents of an image whose blobs are there, byte for byte: each after those that it
 * names, and the root's tag last, so that no tag ever points to half an image.
 * @param tag absent: the root is stored by its digest only
 */
export async function publishDocuments(
  { root, documents }: Content,
  target: PublishTarget,
  tag: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const document of documents) {
    const version = document === root && tag !== undefined ? tag : document.digest;
    await publishDocument(document, version, target, signal);
  }
}

async function publishDocument(
  document: Document,
  version: string,
  target: PublishTarget,
  signal: AbortSignal,
): Promise<void> {
  const { writer, repository } = target;
  const { digest, manifest } = document;
  const subject = manifest.kind === 'schema1' ? undefined : manifest.subject;
  // A referrer is stored again, because an interrupted attempt may not have listed it.
  if (!subject && (await writer.digestOf(repository, version, signal)) === digest) return;
  const { listsReferrer } = await writer.putManifest(repository, version, document, signal);
  if (subject && !listsReferrer) await listReferrer(document, subject.digest, target, signal);
}
