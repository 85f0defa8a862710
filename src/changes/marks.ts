import type { TarEntry } from '../layers/tar/tarEntry.ts';
import { UnusableChangesError } from './errors.ts';

/** What the overlay's private attributes say of an entry in `overlay/upper`. */
export interface Marks {
  /** Hides what the image has in the directory. Who says so: a mark counts for its own mounts. */
  readonly opaque?: 'trusted' | 'user' | 'fuse';
  /** The directory may contain whiteouts in the form of empty files with an attribute. */
  readonly holdsWhiteouts: boolean;
  /** Such a whiteout. */
  readonly whiteout: boolean;
  /** fuse-overlayfs wrote it. */
  readonly fuse: boolean;
}

/**
 * Reads the marks (Linux, Documentation/filesystems/overlayfs.rst; fuse-overlayfs). @throws
 * {UnusableChangesError} the entry's content is somewhere else
 */
export function marksOf(path: string, { xattrs, type, size }: TarEntry): Marks {
  let opaque: Marks['opaque'];
  let [holdsWhiteouts, whiteout, fuse] = [false, false, false];
  for (const [name, value] of xattrs ?? []) {
    const [, owner, key] = /^(trusted|user)\.overlay\.([^.]+)$/.exec(name) ?? [];
    if (key === 'redirect') throw new UnusableChangesError(path, 'was renamed by a mount with redirect_dir=on');
    if (key === 'metacopy') throw new UnusableChangesError(path, 'has no content: it was changed with metacopy=on');
    if (key === 'opaque') {
      const says = value.toString('latin1');
      if (says === 'y' && (owner === 'trusted' || owner === 'user')) opaque = owner;
      if (says === 'x') holdsWhiteouts = true;
    }
    if (key === 'whiteout' && type === 'file' && size === 0) whiteout = true;
    if (name.startsWith('user.fuseoverlayfs.')) fuse = true;
    if (name === 'user.fuseoverlayfs.opaque') opaque = 'fuse';
  }
  return { holdsWhiteouts, whiteout, fuse, ...(opaque && type === 'directory' ? { opaque } : {}) };
}

/** Versions of a capability (Linux, capability.h); 3 adds the user id of a namespace's root. */
const VERSION_2 = 0x02000000;
const VERSION_3 = 0x03000000;
const LENGTH_2 = 20;

/**
 * Returns the attributes that belong into a layer. Labels of the host and the overlay's marks
 * don't, nor do empty values, which a PAX header can't express.
 */
export function portableXattrs({ xattrs }: Pick<TarEntry, 'xattrs'>): ReadonlyMap<string, Buffer> {
  const kept = new Map<string, Buffer>();
  for (const [name, value] of xattrs ?? []) {
    if (value.length === 0) continue;
    if (name === 'security.capability') kept.set(name, withoutNamespace(value));
    else if (/^system\.posix_acl_(access|default)$/.test(name)) kept.set(name, value);
    else if (name.startsWith('user.') && !/^user\.(overlay|fuseoverlayfs|containers)(\.|$)/.test(name))
      kept.set(name, value);
  }
  return kept;
}

/** A capability given in a user namespace would be useless elsewhere. */
function withoutNamespace(value: Buffer): Buffer {
  const magic = value.length >= LENGTH_2 + 4 ? value.readUInt32LE(0) : 0;
  if ((magic & 0xff000000) !== VERSION_3) return value;
  const portable = Buffer.from(value.subarray(0, LENGTH_2));
  portable.writeUInt32LE((VERSION_2 | (magic & 0xffffff)) >>> 0, 0);
  return portable;
}
