import { LimitExceededError, quoted } from '../errors.ts';
import type { TarEntry } from './tarEntry.ts';
import type { Warnings } from '../warnings.ts';

/** Most bytes of attributes of one layer: they are kept in memory until the layer's end. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Takes out of entries the attributes that an image has no say in. */
export class XattrFilter {
  readonly #warnings: Warnings;
  #bytes = 0;

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  /** The same entry with none but lawful attributes. @throws {LimitExceededError} */
  filter(entry: TarEntry): TarEntry {
    if (!entry.xattrs) return entry;
    const kept = new Map<string, Buffer>();
    for (const [name, value] of entry.xattrs) {
      if (isForged(name)) {
        this.#warnings.add(
          `${quoted(entry.path)}: its attribute ${quoted(name)} was left out, for it would forge a mark of the overlay`,
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

/** By these the overlay keeps its own books: redirections, opaque directories, whiteouts (Linux, filesystems/overlayfs). */
function isForged(name: string): boolean {
  return /^(trusted|user)\.overlay(\.|$)/.test(name);
}

/** Labels of the system that built the image mean nothing here. */
function isStorable(name: string): boolean {
  return name !== 'security.selinux' && name !== 'system.nfs4_acl' && name !== '' && !name.includes('\0');
}
