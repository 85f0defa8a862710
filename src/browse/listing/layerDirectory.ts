import type { LayerEntries, LayerLeaf, LayerDirectory } from './layerEntries.ts';

export type GrowingNode = GrowingDirectory | LayerLeaf;

/** A directory to which entries are still being added. */
export class GrowingDirectory implements LayerDirectory {
  readonly kind = 'directory';
  readonly parent: GrowingDirectory | undefined;
  at: number | undefined;
  opaque = false;
  readonly #listing: LayerEntries;
  // Created on demand: there are many directories, and hardly any has all three.
  #whiteouts: Set<string> | undefined;
  #folders: Map<string, GrowingDirectory> | undefined;
  #children: Map<string, GrowingNode> | undefined;
  /** Entry numbers and named directories that were not put into `#children` yet. */
  #waiting: (number | readonly [string, GrowingDirectory])[] = [];

  constructor(parent: GrowingDirectory | undefined, listing: LayerEntries) {
    this.parent = parent;
    this.#listing = listing;
  }

  get whiteouts(): ReadonlySet<string> {
    return this.#whiteouts ?? NO_NAMES;
  }

  hide(name: string): void {
    (this.#whiteouts ??= new Set()).add(name);
  }

  /** Names its files on first use: few directories of a large layer are ever opened. */
  get children(): ReadonlyMap<string, GrowingNode> {
    return this.#all();
  }

  /**
   * Everything added, in order; entries named as their paths say, by number only. Of several with
   * one name the last one counts.
   */
  get parts(): Iterable<number | readonly [string, GrowingNode]> {
    return this.#children ? [...this.#children, ...this.#waiting] : this.#waiting;
  }

  /** Returns the directory of that name without naming any file. */
  folder(name: string): GrowingDirectory | undefined {
    return this.#folders?.get(name);
  }

  addFolder(name: string): GrowingDirectory {
    const made = new GrowingDirectory(this, this.#listing);
    (this.#folders ??= new Map()).set(name, made);
    this.#waiting.push([name, made]);
    return made;
  }

  /** Adds an entry named as its path says. No directory may have that name. */
  addPlain(at: number): void {
    this.#waiting.push(at);
  }

  set(name: string, node: GrowingNode): void {
    this.#all().set(name, node);
    if (node.kind === 'directory') (this.#folders ??= new Map()).set(name, node);
    else this.#folders?.delete(name);
  }

  /** Removes and returns the node of that name. */
  take(name: string): GrowingNode | undefined {
    const children = this.#all();
    const node = children.get(name);
    children.delete(name);
    this.#folders?.delete(name);
    return node;
  }

  #all(): Map<string, GrowingNode> {
    const children = (this.#children ??= new Map<string, GrowingNode>());
    for (const next of this.#waiting) {
      if (typeof next !== 'number') {
        // What the directory replaces hid what lower layers have here.
        if (children.get(next[0])?.kind === 'leaf') next[1].opaque = true;
        children.set(...next);
      } else children.set(lastName(this.#listing.path(next)), { kind: 'leaf', at: next, content: next });
    }
    if (this.#waiting.length > 0) this.#waiting = [];
    return children;
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();
const SLASH = 0x2f;

/** Returns the last name of an archive's path, which may end with a slash. */
export function lastName(path: string): string {
  const to = path.charCodeAt(path.length - 1) === SLASH ? path.length - 1 : path.length;
  return path.slice(path.lastIndexOf('/', to - 1) + 1, to);
}
