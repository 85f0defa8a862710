import { atOnce, type Sliced } from '../browse/formats/slices.ts';

/** A thing with a size, made of smaller things or of nothing. */
export interface SizeNode {
  readonly name: string;
  readonly size: number;
  /** Biggest first. */
  readonly children: readonly SizeNode[];
}

/** A rectangle of a picture. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a thing is drawn. */
export interface Tile extends Box {
  readonly name: string;
  /** Names from the top to this one. */
  readonly path: readonly string[];
  readonly size: number;
  /** 0 for what lies at the top. */
  readonly depth: number;
  /** Smaller things are drawn on it. */
  readonly divided: boolean;
}

/** How a picture is divided. Lengths in its own units. */
export interface TreemapOptions {
  readonly depth: number;
  /** Room for a name above what is drawn inside. */
  readonly heading: number;
  readonly gap: number;
  /** What is lower or narrower than this is left out. */
  readonly smallest: number;
}

/** Adds up sizes by the folders that they lie in. `parts` are the names from the top. */
export function sizeTree(files: Iterable<{ readonly parts: readonly string[]; readonly size: number }>): SizeNode {
  return atOnce(sizeTreeSteps(files));
}

/** The same, for large images. */
export function* sizeTreeSteps(
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

/** Deeper folders than this are too small for any picture. */
const MAX_DEPTH = 12;

function* sorted(name: string, { size, children }: Sum, depth: number): Sliced<SizeNode> {
  const inner: SizeNode[] = [];
  if (depth > 0)
    for (const [at, child] of children) if (child.size > 0) inner.push(yield* sorted(at, child, depth - 1));
  yield;
  return { name, size, children: inner.sort((a, b) => b.size - a.size) };
}

/** Divides a rectangle among things by their sizes, with tiles as square as may be ("squarified treemaps", Bruls, Huizing, van Wijk, 2000). Outer tiles come before the inner ones. */
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

/** Lays rows along the shorter side, each as long as its tiles become squarer by one more. */
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
    // The worst shape of the row is that of its biggest or of its smallest tile.
    const shape = Math.max((side * side * biggest) / (total * total), (total * total) / (side * side * area));
    if (row.length > 0 && shape > worst) break;
    row.push(node);
    sum = total;
    worst = shape;
  }
  return row;
}
