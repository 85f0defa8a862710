import { encodeHeader, END_MARK, type EncodedEntry } from '../layers/tar/tarEncoder.ts';
import type { TarEntry, TarVisitor } from '../layers/tar/tarEntry.ts';
import { paddingOf } from '../layers/tar/tarHeader.ts';
import { childPath } from '../layers/unpack/tree.ts';
import { ChangesMovedError } from './errors.ts';
import { isOpaque, type LayerPlan } from './layerPlan.ts';
import { upperPath, type UpperItem } from './upperScan.ts';

/** A marker's header (image-spec, layer.md#whiteouts), as umoci and containerd write it. */
const MARKER = {
  type: 'file',
  size: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: 0,
  linkname: '',
  devMajor: 0,
  devMinor: 0,
} as const satisfies Omit<EncodedEntry, 'path'>;

export interface LayerWriterOptions {
  readonly items: ReadonlyMap<string, UpperItem>;
  readonly plan: LayerPlan;
  /** Seconds; later times become this one. */
  readonly latest: number | undefined;
  /** Receives the layer's tar. Each buffer is the receiver's own. */
  readonly write: (bytes: Buffer) => void;
}

/**
 * Writes a layer while `overlay/upper` is read for the second time: directories before their
 * content, the markers of deletions first.
 */
export class LayerWriter implements TarVisitor {
  readonly #options: LayerWriterOptions;
  #seen = 0;
  #copying = false;
  #left = 0;

  constructor(options: LayerWriterOptions) {
    this.#options = options;
  }

  entry(entry: TarEntry): void {
    const { items, plan, write } = this.#options;
    const path = upperPath(entry.path);
    const item = items.get(path);
    this.#copying = false;
    // The marker files of fuse-overlayfs, and whiteouts.
    if (path.slice(path.lastIndexOf('/') + 1).startsWith('.wh.')) return;
    if (!item || isMoved(item.entry, entry)) throw new ChangesMovedError(JSON.stringify(path));
    this.#seen += 1;
    if (!plan.written.has(path)) return;
    write(encodeHeader(this.#encoded(item)));
    this.#copying = item.type === 'file';
    this.#left = paddingOf(entry.size);
    if (item.type === 'directory') this.#writeMarkers(item);
  }

  data(chunk: Uint8Array): void {
    if (this.#copying) this.#options.write(Buffer.from(chunk));
  }

  endEntry(): void {
    if (this.#copying && this.#left > 0) this.#options.write(Buffer.alloc(this.#left));
    this.#copying = false;
  }

  /** @throws {ChangesMovedError} something is missing that was there before */
  end(): void {
    const listed = [...this.#options.items.values()].filter(({ path, entry }) => upperPath(entry.path) === path);
    if (listed.length !== this.#seen) throw new ChangesMovedError('some of them are gone');
    this.#options.write(END_MARK);
  }

  #writeMarkers(item: UpperItem): void {
    const { plan, write } = this.#options;
    const marker = (name: string): void => write(encodeHeader({ ...MARKER, path: childPath(item.path, name) }));
    if (isOpaque(item)) marker('.wh..wh..opq');
    for (const name of plan.deleted.get(item.path)?.toSorted() ?? []) marker(`.wh.${name}`);
  }

  #encoded(item: UpperItem): EncodedEntry {
    const { path, entry, type } = item;
    const { latest, items } = this.#options;
    const first = item.first === undefined ? undefined : items.get(item.first);
    const { uid, gid, mode, xattrs } = (first ?? item).attributes;
    const mtime = Math.floor((first ?? item).entry.mtime);
    const { linkname, devMajor, devMinor, size } = entry;
    return {
      path: type === 'directory' ? `${path === '' ? '.' : path}/` : path,
      type,
      size: type === 'file' ? size : 0,
      uid,
      gid,
      mode,
      mtime: latest === undefined ? mtime : Math.min(mtime, latest),
      linkname: first ? first.path : linkname,
      devMajor,
      devMinor,
      ...(xattrs.size > 0 && !first ? { xattrs } : {}),
    };
  }
}

function isMoved(before: TarEntry, now: TarEntry): boolean {
  return before.type !== now.type || before.size !== now.size || before.mtime !== now.mtime || before.mode !== now.mode;
}
