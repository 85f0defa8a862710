import { decodeName, nameBytes } from '../../layers/tar/byteName.ts';
import { type GrowingDirectory, lastName } from './layerDirectory.ts';
import type { LayerDirectory, LayerLeaf, LayerNode } from './layerEntries.ts';
import type { LayerEntries } from './layerEntries.ts';

/*
 * A layer's tree as its listing stores it: four arrays, decoded directory by directory as needed.
 *
 * directories  three numbers each, the root first: entry, end of children, 1 if opaque
 * children     one number each: twice its entry's number if named as its path says, else twice its
 *              row in `others`, plus 1. Of several with one name the last one counts.
 * others       five numbers each: kind, number of the directory or entry, number of the content's
 *              entry plus 1, number of the link below plus 1, end of the name
 * names        of all others
 */

const DIRECTORY = 0;
const LEAF = 1;
const WHITEOUT = 2;

/** In place of the entry of an implied directory. */
const NONE = 0xffffffff;

const DIRECTORY_FIELDS = 3;
const OTHER_FIELDS = 5;

/** Returns the arrays that store a tree. */
export function packTree(root: GrowingDirectory): Uint8Array[] {
  return new TreePacker().pack(root);
}

class TreePacker {
  readonly #open: GrowingDirectory[] = [];
  readonly #directories: number[] = [];
  readonly #children: number[] = [];
  readonly #others: number[] = [];
  readonly #names: Buffer[] = [];
  #nameEnd = 0;

  pack(root: GrowingDirectory): Uint8Array[] {
    this.#open.push(root);
    // Grows while the loop runs.
    for (const directory of this.#open) this.#add(directory);
    const arrays = [this.#directories, this.#children, this.#others].map(numbers => Uint32Array.from(numbers));
    return [...arrays.map(array => new Uint8Array(array.buffer)), Buffer.concat(this.#names)];
  }

  #add(directory: GrowingDirectory): void {
    for (const name of directory.whiteouts) this.#addOther(name, WHITEOUT, 0);
    for (const part of directory.parts) {
      if (typeof part === 'number') this.#children.push(2 * part);
      else this.#addNode(...part);
    }
    this.#directories.push(directory.at ?? NONE, this.#children.length, directory.opaque ? 1 : 0);
  }

  #addNode(name: string, node: GrowingDirectory | LayerLeaf): void {
    if (node.kind === 'directory') this.#addOther(name, DIRECTORY, this.#open.push(node) - 1);
    else this.#addOther(name, LEAF, node.at, node.content, node.linkBelow);
  }

  #addOther(name: string, kind: number, number: number, content = -1, linkBelow = -1): void {
    const bytes = nameBytes(name);
    this.#names.push(bytes);
    this.#nameEnd += bytes.length;
    this.#children.push((2 * this.#others.length) / OTHER_FIELDS + 1);
    this.#others.push(kind, number, content + 1, linkBelow + 1, this.#nameEnd);
  }
}

/** Returns the tree that `packTree` stored, if any. */
export function openPackedTree(
  parts: readonly (Buffer | undefined)[],
  listing: LayerEntries,
): LayerDirectory | undefined {
  const [directories, children, others, names] = parts;
  if (!directories || !children || !others || !names) return undefined;
  const tree = { directories: numbersIn(directories), children: numbersIn(children), others: numbersIn(others), names };
  return new PackedDirectory({ ...tree, listing }, 0);
}

function numbersIn(bytes: Buffer): Uint32Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
}

interface Arrays {
  readonly directories: Uint32Array;
  readonly children: Uint32Array;
  readonly others: Uint32Array;
  readonly names: Buffer;
  readonly listing: LayerEntries;
}

type Content = Pick<LayerDirectory, 'whiteouts' | 'children'>;

class PackedDirectory implements LayerDirectory {
  readonly kind = 'directory';
  readonly #arrays: Arrays;
  readonly #number: number;
  readonly #hides: boolean;
  #content: Content | undefined;

  constructor(arrays: Arrays, number: number, hides = false) {
    this.#arrays = arrays;
    this.#number = number;
    this.#hides = hides;
  }

  get at(): number | undefined {
    const at = this.#field(this.#number, 0);
    return at === NONE ? undefined : at;
  }

  get opaque(): boolean {
    return this.#hides || this.#field(this.#number, 2) === 1;
  }

  get whiteouts(): ReadonlySet<string> {
    return (this.#content ??= this.#read()).whiteouts;
  }

  get children(): ReadonlyMap<string, LayerNode> {
    return (this.#content ??= this.#read()).children;
  }

  #read(): Content {
    const { children: numbers, others, names, listing } = this.#arrays;
    const whiteouts = new Set<string>();
    const children = new Map<string, LayerNode>();
    const end = this.#field(this.#number, 1);
    for (let child = this.#number === 0 ? 0 : this.#field(this.#number - 1, 1); child < end; child++) {
      const number = numbers[child] ?? 0;
      const half = number >>> 1;
      if (number % 2 === 0) {
        children.set(lastName(listing.path(half)), { kind: 'leaf', at: half, content: half });
        continue;
      }
      const row = half * OTHER_FIELDS;
      const [kind, at = 0, content = 0, linkBelow = 0, nameEnd] = others.subarray(row, row + OTHER_FIELDS);
      const name = decodeName(names, half === 0 ? 0 : others[row - 1], nameEnd);
      if (kind === WHITEOUT) whiteouts.add(name);
      else if (kind === DIRECTORY) {
        // What the directory replaces hid what lower layers have here.
        const hides = children.get(name)?.kind === 'leaf';
        children.set(name, new PackedDirectory(this.#arrays, at, hides));
      } else {
        const leaf = { kind: 'leaf', at, content: content === 0 ? undefined : content - 1 } as const;
        children.set(name, linkBelow === 0 ? leaf : { ...leaf, linkBelow: linkBelow - 1 });
      }
    }
    return { whiteouts, children };
  }

  #field(directory: number, field: number): number {
    return this.#arrays.directories[directory * DIRECTORY_FIELDS + field] ?? 0;
  }
}
