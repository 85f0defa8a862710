import { LimitExceededError, quoted } from '../errors.ts';
import type { TarEntry } from './tarEntry.ts';
import type { Warnings } from '../warnings.ts';

/** Most bytes of xattrs in one layer, since they stay in memory until the layer ends. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Removes the xattrs that an image must not set. */
export class XattrFilter {
  readonly #warnings: Warnings;
  #bytes = 0;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  /** Returns the entry with its permitted xattrs. @throws {LimitExceededError} */
  filter(entry: TarEntry): TarEntry {
    if (!entry.xattrs) return entry;
    const kept = new Map<string, Buffer>();
    for (const [name, value] of entry.xattrs) {
      if (isForged(name)) {
        this.#warnings.add(
          `${quoted(entry.path)}: its attribute ${quoted(name)} was left out, because it would forge a mark of the overlay`,
        );
      } else if (isStorable(name)) {
        kept.set(name, value);
        this.#bytes += name.length + value.length;
      }
    }
    if (this.#bytes > MAX_BYTES) throw new LimitExceededError('metadata', MAX_BYTES);
    const { xattrs: _all, ...rest } = entry;
    return kept.size > 0 ? { ...rest, xattrs: kept } : rest;
  }
}

/** The overlay's marks: redirections, opaque directories, whiteouts (Linux, overlayfs). */
function isForged(name: string): boolean {
  return /^(trusted|user)\.overlay(\.|$)/.test(name);
}

/** Labels from the system that built the image mean nothing on this one. */
function isStorable(name: string): boolean {
  return name !== 'security.selinux' && name !== 'system.nfs4_acl' && name !== '' && !name.includes('\0');
}
