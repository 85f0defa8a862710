import { type Dirent, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { decodeName, fsPath } from '../tar/byteName.ts';
import type { SidecarEntry } from './sidecar.ts';
import { childPath } from './tree.ts';

/** A layer on disk, as the layers above see it. */
export interface LayerOnDisk {
  readonly folder: string;
  /** Directories that hide what is below them in lower layers. */
  readonly opaque: readonly string[];
  /** The sidecar's devices, FIFOs, and whiteouts (devices 0/0), which may be missing on disk. */
  readonly special: readonly SidecarEntry[];
}

/** A file, link, or device of one of the layers. */
export interface StackLeaf {
  readonly kind: 'leaf';
  /** Position in the stack. */
  readonly layer: number;
  readonly path: string;
}

interface StackLayer {
  readonly folder: string;
  readonly opaque: ReadonlySet<string>;
  /** By directory. */
  readonly special: ReadonlyMap<string, readonly SidecarEntry[]>;
}

/**
 * A directory as an overlay mount of the layers would show it. Its names are read once, when first
 * needed, and layers added later are merged in, so that the whole stack costs no more than reading
 * each directory of each layer once.
 */
export class StackDirectory {
  readonly kind = 'directory';
  readonly #layers: readonly StackLayer[];
  readonly path: string;
  /** The layers that make it, the top one last. */
  readonly #parts: number[];
  #children: Map<string, StackNode> | undefined;

  constructor(layers: readonly StackLayer[], path: string, parts: number[]) {
    this.#layers = layers;
    this.path = path;
    this.#parts = parts;
  }

  /** Position of the layer whose attributes it shows. */
  get layer(): number {
    return this.#parts.at(-1) ?? 0;
  }

  child(name: string): StackNode | undefined {
    return this.children.get(name);
  }

  get children(): ReadonlyMap<string, StackNode> {
    if (!this.#children) {
      this.#children = new Map();
      for (const part of this.#parts) this.#merge(this.#children, part);
    }
    return this.#children;
  }

  /** Puts the directory of the same path in another layer on top. */
  join(layer: number): void {
    if (this.#layers[layer]?.opaque.has(this.path)) {
      this.#parts.length = 0;
      this.#children = undefined;
    }
    this.#parts.push(layer);
    if (this.#children) this.#merge(this.#children, layer);
  }

  #merge(children: Map<string, StackNode>, layer: number): void {
    const { folder = '', special } = this.#layers[layer] ?? {};
    for (const entry of readDirectory(fsPath(`${folder}/${this.path}`))) {
      const name = decodeName(entry.name);
      const path = childPath(this.path, name);
      const existing = children.get(name);
      if (entry.isDirectory()) {
        if (existing?.kind === 'directory') existing.join(layer);
        else children.set(name, new StackDirectory(this.#layers, path, [layer]));
      } else if (entry.isCharacterDevice() && isWhiteout(lstatSync(fsPath(`${folder}/${path}`)))) children.delete(name);
      else children.set(name, { kind: 'leaf', layer, path });
    }
    for (const { path, devMajor = 0, devMinor = 0, type } of special?.get(this.path) ?? []) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (type === 'char' && devMajor === 0 && devMinor === 0) children.delete(name);
      else children.set(name, { kind: 'leaf', layer, path });
    }
  }
}

export type StackNode = StackDirectory | StackLeaf;

function readDirectory(path: string | Buffer): Dirent<Buffer>[] {
  return readdirSync(path, { encoding: 'buffer', withFileTypes: true });
}

/**
 * A stack of unpacked layers as an overlay mount would show it, without a mount. The system never
 * follows a symbolic link in it.
 */
export class StackView {
  readonly #layers: StackLayer[] = [];
  readonly root = new StackDirectory(this.#layers, '', []);

  /** Puts a layer on top. */
  add({ folder, opaque, special }: LayerOnDisk): void {
    const byDirectory = Map.groupBy(special, ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    this.#layers.push({ folder, opaque: new Set(opaque), special: byDirectory });
    this.root.join(this.#layers.length - 1);
  }

  /** Returns what is at a path, none of whose names is followed if it is a symbolic link. */
  find(names: readonly string[]): StackNode | undefined {
    let node: StackNode | undefined = this.root;
    for (const name of names) node = node?.kind === 'directory' ? node.child(name) : undefined;
    return node;
  }

  fileOf({ layer, path }: StackNode): string | Buffer {
    return fsPath(`${this.#layers[layer]?.folder ?? ''}/${path}`);
  }

  /** Returns `undefined` for what is not on disk, such as a device. */
  stat(node: StackNode): Stats | undefined {
    return lstatSync(this.fileOf(node), { throwIfNoEntry: false });
  }

  /** Returns the target of a symbolic link. */
  target(node: StackLeaf): string | undefined {
    return this.stat(node)?.isSymbolicLink() ? decodeName(readlinkSync(this.fileOf(node), 'buffer')) : undefined;
  }
}

/** Returns true for a whiteout in the form that overlayfs reads. */
export function isWhiteout(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}
