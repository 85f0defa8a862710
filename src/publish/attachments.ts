import { COSIGN_SUFFIXES, cosignTag, type Digest } from '../oci/digest.ts';
import { NotFoundError } from '../registry/errors.ts';
import { collectContent, type Content, type SourceRepository } from './content.ts';
import { inParallel } from './inParallel.ts';

/** A document that belongs to an image without being named by it, such as a signature. */
export interface Attachment {
  readonly content: Content;
  /** Its own tag, if it has one in place of a subject. */
  readonly tag?: string;
}

const AT_ONCE = 6;

/**
 * Finds what is attached to an image and its parts, and to those in turn: referrers, and documents
 * under tags made of digests. Each comes after what it is attached to.
 */
export async function collectAttachments(
  from: SourceRepository,
  image: Content,
  signal: AbortSignal,
): Promise<readonly Attachment[]> {
  const found: Attachment[] = [];
  const known = new Set<Digest>(image.documents.map(({ digest }) => digest));
  const tags = new Set<string>();
  let wave: readonly Digest[] = [...known];
  while (wave.length > 0) {
    const next: Digest[] = [];
    const add = (attachment: Attachment): void => {
      found.push(attachment);
      for (const { digest } of attachment.content.documents) {
        if (!known.has(digest)) next.push(digest);
        known.add(digest);
      }
    };
    await inParallel(wave, AT_ONCE, signal, async (digest, both) => {
      for (const referrer of await from.source.referrers(from.repository, digest, undefined, both)) {
        if (known.has(referrer.digest)) continue;
        const content = await present(collectContent(from, referrer.digest, both));
        if (content) add({ content });
      }
      for (const suffix of COSIGN_SUFFIXES) {
        const tag = cosignTag(digest, suffix);
        const content = tags.has(tag) ? undefined : await present(collectContent(from, tag, both));
        tags.add(tag);
        if (content) add({ content, tag });
      }
    });
    wave = next;
  }
  return found;
}

/** A list may name documents that are gone. */
async function present(content: Promise<Content>): Promise<Content | undefined> {
  try {
    return await content;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
