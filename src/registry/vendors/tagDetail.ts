import { isDigest, type Digest } from '../../oci/digest.ts';

/** What a registry's own list says about a tag. */
export interface TagDetail {
  readonly tag: string;
  readonly digest?: Digest;
  /** Compressed bytes of the image. */
  readonly size?: number;
  /** When the tag was set; ISO 8601. */
  readonly pushed?: string;
  /** When the image was built; ISO 8601. */
  readonly created?: string;
}

/** Docker did not exist before; tools for reproducible builds write such dates. */
const EARLIEST = Date.UTC(2013, 0, 1);
const DAY = 86_400_000;

/**
 * Returns a date as ISO 8601, or undefined if it can't be a real one: missing, unreadable, before
 * 2013 as reproducible builds have it, or more than a day ahead.
 * @param date a text, or milliseconds since 1970
 */
export function realDate(date: unknown, now = Date.now()): string | undefined {
  if (typeof date !== 'string' && typeof date !== 'number') return undefined;
  const time = typeof date === 'number' ? date : Date.parse(date);
  return Number.isFinite(time) && time >= EARLIEST && time <= now + DAY ? new Date(time).toISOString() : undefined;
}

/** Returns a number of bytes, which some vendors write as a text; undefined for none. */
function realSize(size: unknown): number | undefined {
  const bytes = typeof size === 'string' && /^\d{1,16}$/.test(size) ? Number(size) : size;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Builds a detail without what is unknown. */
export function tagDetail(tag: string, facts: { readonly [name in keyof Omit<TagDetail, 'tag'>]: unknown }): TagDetail {
  const { digest, size, pushed, created } = facts;
  const known = {
    digest: isDigest(digest) ? digest : undefined,
    size: realSize(size),
    pushed: realDate(pushed),
    created: realDate(created),
  };
  return { tag, ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) };
}
