import type { TarEntry } from '../layers/tar/tarEntry.ts';
import type { Attributes, LowerEntry, LowerView } from './lowerView.ts';
import { portableXattrs } from './marks.ts';

/**
 * Returns the attributes that a layer must give an entry of `overlay/upper`. On disk, most of what
 * the image says of an entry doesn't show, because the user who pulled it may not set it. So an
 * attribute that is as in the layers on disk stays what the image claims, and only a different one
 * was changed in the mount.
 * @param lower what the image has there, if the entry continues it
 * @param sameContent whether content and type are the image's: writing clears setuid bits and
 * capabilities
 */
export function trueAttributes(
  entry: TarEntry,
  lower: LowerEntry | undefined,
  sameContent: boolean,
  { puller, restored }: Pick<LowerView, 'puller' | 'restored'>,
): Attributes {
  const owned = { uid: entry.uid, gid: entry.gid };
  const own = portableXattrs(entry);
  const id = (key: 'uid' | 'gid'): number => {
    // The user's own new files are root's in the image.
    if (owned[key] === puller[key] && puller.uid !== 0) return lower?.claim[key] ?? 0;
    return lower?.disk?.[key] === owned[key] && !restored ? lower.claim[key] : owned[key];
  };
  const [uid, gid] = [id('uid'), id('gid')];
  if (!lower || restored) return { uid, gid, mode: entry.mode, xattrs: own };
  const keepsMode = lower.disk === undefined || lower.disk.mode === entry.mode;
  const claimed = sameContent ? lower.claim.mode : lower.claim.mode & 0o1777;
  const inherited = new Map([...lower.claim.xattrs].filter(([name]) => sameContent || name !== 'security.capability'));
  return {
    uid,
    gid,
    mode: keepsMode || entry.type === 'symlink' ? claimed : entry.mode,
    xattrs: new Map([...portableXattrs({ xattrs: inherited }), ...own]),
  };
}

/** Whether two sets of attributes are the same in a layer. */
export function sameAttributes(one: Attributes, other: Attributes): boolean {
  if (one.uid !== other.uid || one.gid !== other.gid || one.mode !== other.mode) return false;
  const [ours, theirs] = [one.xattrs, portableXattrs(other)];
  return ours.size === theirs.size && [...ours].every(([name, value]) => theirs.get(name)?.equals(value));
}
