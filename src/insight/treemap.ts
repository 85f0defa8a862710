import type { Sliced } from '../browse/formats/slices.ts';

/** A folder or file with its size. */
export interface SizeNode {
  readonly name: string;
  readonly size: number;
  /** Biggest first. */
  readonly children: readonly SizeNode[];
}

/** A rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a node is drawn. */
export interface Tile extends Box {
  readonly name: string;
  /** Names from the root to this one. */
  readonly path: readonly string[];
  readonly size: number;
  /** 0 at the top level. */
  readonly depth: number;
  /** It has smaller tiles inside. */
  readonly divided: boolean;
}

/** Layout of a treemap, in the units of its box. */
export interface TreemapOptions {
  readonly depth: number;
  /** Height of the name above inner tiles. */
  readonly heading: number;
  readonly gap: number;
  /** Smaller tiles are omitted. */
  readonly smallest: number;
}

/** Adds up sizes by folder. `parts` are the names from the root. */
export function* sizeTree(
  files: Iterable<{ readonly parts: readonly string[]; readonly size: number }>,
): Sliced<SizeNode> {
  const root: Sum = { size: 0, children: new Map() };
  for (const { parts, size } of files) {
    let node = root;
    node.size += size;
    for (const name of parts) {
      let child = node.children.get(name);
      if (!child) node.children.set(name, (child = { size: 0, children: new Map() }));
      child.size += size;
      node = child;
    }
    yield;
  }
  return yield* sorted('', root, MAX_DEPTH);
}

interface Sum {
  size: number;
  readonly children: Map<string, Sum>;
}

/** Deeper folders are too small to draw. */
const MAX_DEPTH = 12;

function* sorted(name: string, { size, children }: Sum, depth: number): Sliced<SizeNode> {
  const inner: SizeNode[] = [];
  if (depth > 0)
    for (const [at, child] of children) if (child.size > 0) inner.push(yield* sorted(at, child, depth - 1));
  yield;
  return { name, size, children: inner.sort((a, b) => b.size - a.size) };
}

/**
 * Divides a rectangle by size into tiles as square as possible ("Squarified Treemaps", Bruls,
 * Huizing, van Wijk, 2000). Outer tiles come before inner ones.
 */
export function treemap(root: SizeNode, box: Box, options: TreemapOptions): Tile[] {
  return tilesOf(root, box, options, []);
}

function tilesOf(parent: SizeNode, box: Box, options: TreemapOptions, path: readonly string[]): Tile[] {
  return squarify(parent.children, box).flatMap(([node, area]) => {
    if (area.width < options.smallest || area.height < options.smallest) return [];
    const inside = insideOf(area, options);
    const inner = path.length + 1 < options.depth && inside ? tilesOf(node, inside, options, [...path, node.name]) : [];
    const tile: Tile = {
      ...area,
      name: node.name,
      path: [...path, node.name],
      size: node.size,
      depth: path.length,
      divided: inner.length > 0,
    };
    return [tile, ...inner];
  });
}

function insideOf({ x, y, width, height }: Box, { heading, gap, smallest }: TreemapOptions): Box | undefined {
  const inside = { x: x + gap, y: y + heading, width: width - 2 * gap, height: height - heading - gap };
  return inside.width < smallest || inside.height < smallest ? undefined : inside;
}

/** Lays out rows along the shorter side, adding tiles to a row while that makes them squarer. */
function squarify(nodes: readonly SizeNode[], box: Box): [SizeNode, Box][] {
  const placed: [SizeNode, Box][] = [];
  let rest = box;
  let left = nodes.reduce((sum, { size }) => sum + size, 0);
  for (let start = 0; start < nodes.length && left > 0;) {
    const scale = (rest.width * rest.height) / left;
    const side = Math.min(rest.width, rest.height);
    const row = rowFrom(nodes, start, scale, side);
    const sum = row.reduce((total, { size }) => total + size, 0);
    const thickness = side > 0 ? (sum * scale) / side : 0;
    const upright = rest.width >= rest.height;
    let offset = 0;
    for (const node of row) {
      const length = sum > 0 ? (side * node.size) / sum : 0;
      const place = upright
        ? { x: rest.x, y: rest.y + offset, width: thickness, height: length }
        : { x: rest.x + offset, y: rest.y, width: length, height: thickness };
      placed.push([node, place]);
      offset += length;
    }
    rest = upright
      ? { ...rest, x: rest.x + thickness, width: Math.max(0, rest.width - thickness) }
      : { ...rest, y: rest.y + thickness, height: Math.max(0, rest.height - thickness) };
    left -= sum;
    start += row.length;
  }
  return placed;
}

function rowFrom(nodes: readonly SizeNode[], start: number, scale: number, side: number): SizeNode[] {
  const row: SizeNode[] = [];
  let sum = 0;
  let worst = Infinity;
  const biggest = (nodes[start]?.size ?? 0) * scale;
  for (let at = start; at < nodes.length; at++) {
    const node = nodes[at];
    if (!node) break;
    const area = node.size * scale;
    const total = sum + area;
    // The biggest or the smallest tile has the worst shape of the row.
    const shape = Math.max((side * side * biggest) / (total * total), (total * total) / (side * side * area));
    if (row.length > 0 && shape > worst) break;
    row.push(node);
    sum = total;
    worst = shape;
  }
  return row;
}
