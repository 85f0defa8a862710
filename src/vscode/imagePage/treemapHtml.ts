import { treemap, type SizeNode, type Tile } from '../../insight/treemap.ts';
import { formatBytes, plainText } from '../common/text.ts';
import { html, type Html } from '../page/html.ts';

const BOX = { x: 0, y: 0, width: 960, height: 360 };
const OPTIONS = { depth: 3, heading: 16, gap: 2, smallest: 3 };
/** Classes of the style sheet. */
const COLORS = 6;
/** Approximate width of a letter, in the picture's units. */
const LETTER = 6.5;

/** Renders sizes as tiles with a tooltip, and a name and size where there is room. */
export function treemapHtml(root: SizeNode, description: string): Html {
  const tiles = treemap(root, BOX, OPTIONS);
  const colors = new Map(root.children.map(({ name }, at) => [name, at % COLORS]));
  return html`<svg class="treemap" viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-label="${description}">
    ${tiles.map(tile => tileHtml(tile, colors.get(tile.path[0] ?? '') ?? 0))}
  </svg>`;
}

function tileHtml(tile: Tile, color: number): Html {
  const { x, y, width, height, name, size, depth, divided } = tile;
  const title = `${plainText(tile.path.join('/'), 300)}: ${formatBytes(size)}`;
  const letters = Math.floor((width - 6) / LETTER);
  const named = letters >= 3 && height >= 14;
  const sized = `${name} · ${formatBytes(size)}`;
  const label = Array.from(sized).length <= letters ? sized : name;
  return html`<g>
    <title>${title}</title>
    <rect
      class="tile color${color} depth${depth}${divided ? ' divided' : ''}"
      x="${x.toFixed(1)}"
      y="${y.toFixed(1)}"
      width="${width.toFixed(1)}"
      height="${height.toFixed(1)}"
    />
    ${named && html`<text x="${(x + 4).toFixed(1)}" y="${(y + 12).toFixed(1)}">${plainText(label, letters)}</text>`}
  </g>`;
}
