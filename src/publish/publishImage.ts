import { collectAttachments, type Attachment } from './attachments.ts';
import type { Content, SourceRepository } from './content.ts';
import { publishBlobs, publishDocuments, survey, type Survey } from './publishContent.ts';
import type { PublishTarget, PublishWatch } from './target.ts';

/** An image to publish, and what is known about its target. */
export interface Publication {
  readonly from: SourceRepository;
  readonly content: Content;
  readonly attachments: readonly Attachment[];
  readonly to: PublishTarget;
  readonly missing: Survey;
  /** A repository of the target's registry that may have the blobs. */
  readonly mountFrom: string | undefined;
}

/** Finds out what publishing an image means, without writing anything. */
export async function preparePublication(
  from: SourceRepository,
  content: Content,
  to: PublishTarget,
  options: { readonly attached: boolean; readonly mountFrom?: string | undefined },
  signal: AbortSignal,
): Promise<Publication> {
  const attachments = options.attached ? await collectAttachments(from, content, signal) : [];
  const all = [content, ...attachments.map(attachment => attachment.content)].flatMap(({ blobs }) => blobs);
  const unique = [...new Map(all.map(blob => [blob.digest, blob])).values()];
  return { from, content, attachments, to, missing: await survey(unique, to, signal), mountFrom: options.mountFrom };
}

/**
 * Publishes an image: its blobs, then its documents, then what is attached to it, and the tag last.
 * An interrupted attempt leaves no tag that points to half an image.
 */
export async function publishImage(publication: Publication, tag: string, watch: PublishWatch): Promise<void> {
  const { from, content, attachments, to, missing, mountFrom } = publication;
  await publishBlobs(missing, from, to, mountFrom, watch);
  if (attachments.length > 0) {
    await publishDocuments(content, to, undefined, watch.signal);
    for (const attachment of attachments) await publishDocuments(attachment.content, to, attachment.tag, watch.signal);
  }
  await publishDocuments(content, to, tag, watch.signal);
}
