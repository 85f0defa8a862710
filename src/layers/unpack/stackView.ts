import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { decodeName, fsPath } from '../tar/byteName.ts';
import { followLinks } from '../../oci/followLinks.ts';
import { childPath } from './tree.ts';

/** A layer on disk, as the layers above see it. */
export interface LayerOnDisk {
  readonly folder: string;
  /** Directories that hide what is below them in lower layers. */
  readonly opaque: ReadonlySet<string>;
}

/** What is visible at a path of a stack of layers. */
export interface Visible {
  /** Place of its layer in the stack. */
  readonly layer: number;
  readonly stat: Stats;
  /** On disk. */
  readonly file: string | Buffer;
}

/** Looks into a stack of unpacked layers as an overlay mount would show it, without a mount. No symbolic link is ever followed by the system. */
export class StackView {
  /** Base first. */
  readonly #layers: readonly LayerOnDisk[];

  constructor(layers: readonly LayerOnDisk[]) {
    this.#layers = layers;
  }

  /** What is at a path, none of whose names is followed if it is a symlink; `undefined` where nothing is, or it was deleted. */
  find(names: readonly string[]): Visible | undefined {
    for (let layer = this.#layers.length - 1; layer >= 0; layer--) {
      const found = this.#look(layer, names);
      if (found === 'hidden') return undefined;
      if (found !== 'absent') return found;
    }
    return undefined;
  }

  /** The same, with symlinks on the way to the last name followed within the stack, see {@link followLinks}. */
  resolve(names: readonly string[]): Visible | undefined {
    const root: Found = { path: [], visible: undefined };
    const child = ({ path }: Found, name: string): Found | undefined => {
      const visible = this.find([...path, name]);
      return visible && { path: [...path, name], visible };
    };
    return followLinks<Found, Found>(root, names, { child, isDirectory, target }, 'keep')?.visible;
  }

  /** The names in a directory. */
  list(names: readonly string[]): string[] {
    const visible = new Set<string>();
    const hidden = new Set<string>();
    for (let layer = this.#layers.length - 1; layer >= 0; layer--) {
      const found = this.#look(layer, names);
      if (found === 'absent') continue;
      if (found === 'hidden' || !found.stat.isDirectory()) break;
      for (const child of readdirSync(found.file, { encoding: 'buffer' }).map(name => decodeName(name))) {
        if (visible.has(child) || hidden.has(child)) continue;
        const below = this.#look(layer, [...names, child]);
        if (typeof below === 'object') visible.add(child);
        else hidden.add(child);
      }
      if (this.#isClosed(layer, names)) break;
    }
    return [...visible];
  }

  #look(layer: number, names: readonly string[]): Visible | 'absent' | 'hidden' {
    const { folder } = this.#layers[layer] ?? { folder: '' };
    let path = '';
    for (let at = 0; ; at++) {
      const file = fsPath(path === '' ? folder : `${folder}/${path}`);
      const stat = lstatSync(file, { throwIfNoEntry: false });
      if (!stat) return this.#isClosed(layer, names.slice(0, at - 1)) ? 'hidden' : 'absent';
      if (isWhiteout(stat)) return 'hidden';
      const name = names[at];
      if (name === undefined) return { layer, stat, file };
      if (!stat.isDirectory()) return 'hidden';
      path = childPath(path, name);
    }
  }

  /** A directory on the way hides what lower layers have there. */
  #isClosed(layer: number, names: readonly string[]): boolean {
    const opaque = this.#layers[layer]?.opaque;
    if (!opaque || opaque.size === 0) return false;
    if (opaque.has('')) return true;
    return names.some((_, at) => opaque.has(names.slice(0, at + 1).join('/')));
  }
}

/** Something visible at a path, or the root. */
interface Found {
  readonly path: readonly string[];
  readonly visible: Visible | undefined;
}

function isDirectory(node: Found): node is Found {
  return node.visible === undefined || node.visible.stat.isDirectory();
}

function target({ visible }: Found): string | undefined {
  return visible?.stat.isSymbolicLink() ? decodeName(readlinkSync(visible.file, 'buffer')) : undefined;
}

/** A whiteout as the overlay takes it. */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}
