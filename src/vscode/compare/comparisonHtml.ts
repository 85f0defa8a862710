import type { ChangeNode } from '../../insight/compare/changeTree.ts';
import type { Comparison, PackageComparison } from '../../insight/compare/compareImages.ts';
import type { PackageChange } from '../../insight/compare/comparePackages.ts';
import { count, dotted, formatBytes, plainText } from '../common/text.ts';
import { PACKAGE_KINDS } from '../files/packageKinds.ts';
import { html, type Html } from '../page/html.ts';
import { section } from '../page/parts.ts';

/** Returns the target of a path's link; `undefined` if it can't be opened. */
export type LinkTo = (node: ChangeNode) => string | undefined;

/** Rows of the tree at most. More are slow to draw, and too many to read. */
const MAX_ROWS = 4_000;
/** Packages of each list at most. */
const MAX_PACKAGES = 2_000;
const SIGNS = { added: '+', removed: '−', changed: '±' } as const;

/** Renders the differences between two images, or two layers: packages, then files as a tree. */
export function comparisonHtml(left: string, right: string, comparison: Comparison, linkTo: LinkTo): Html {
  const { added, removed, changed, packages, unread, tree: root } = comparison;
  const rows = { left: MAX_ROWS };
  const tree = root.children.map(child => nodeHtml(child, linkTo, rows, root.count <= 60));
  const summary = dotted(
    `${added.length} added`,
    `${removed.length} removed`,
    `${changed.length} changed`,
    grown(root),
  );
  return html`<header>
      <h1>${plainText(left)} ↔ ${plainText(right)}</h1>
      <p>${summary}</p>
    </header>
    ${
      unread !== undefined &&
      html`<p class="warning" role="note">${plainText(unread, 2_000)} Packages are compared without it.</p>`
    }
    ${packages.map(packagesHtml)}
    ${section(
      'Files',
      root.count === 0
        ? html`<p>No differences (timestamps ignored).</p>`
        : html`<div class="tree">${tree}</div>
            ${rows.left < 0 && html`<p class="quiet">and ${count(-rows.left, 'more row')}, not shown</p>`}`,
    )}`;
}

function grown({ growth }: ChangeNode): string {
  if (growth === 0) return '';
  return `${growth > 0 ? '+' : '−'}${formatBytes(Math.abs(growth))}`;
}

/** @param rows how many may still be drawn; negative: how many were left out */
function nodeHtml(node: ChangeNode, linkTo: LinkTo, rows: { left: number }, open: boolean): Html {
  rows.left -= 1;
  if (rows.left < 0) {
    rows.left -= node.count - (node.mark ? 1 : 0);
    return html``;
  }
  const { name, mark, differs, children } = node;
  const sign = html`<span class="sign ${mark ?? ''}" title="${mark ?? ''}">${mark ? SIGNS[mark] : ''}</span>`;
  const note = html`<span class="quiet"
    >${dotted(children.length > 0 && count(node.count, 'path'), differs.join(', '), grown(node))}</span
  >`;
  if (children.length === 0) {
    const href = linkTo(node);
    const label = plainText(name, 500);
    return html`<div class="leaf">
      ${sign} ${href === undefined ? label : html`<a href="${href}">${label}</a>`} ${note}
    </div>`;
  }
  const inner = children.map(child => nodeHtml(child, linkTo, rows, open));
  return html`<details ${open ? html`open` : html``}>
    <summary>${sign} ${plainText(name, 500)}/ ${note}</summary>
    ${inner}
  </details>`;
}

function packagesHtml({ kind, changes }: PackageComparison): Html {
  const { added, removed, changed } = changes;
  const all = [...added, ...removed, ...changed];
  if (all.length === 0) return section(`Packages (${PACKAGE_KINDS[kind]})`, html`<p>No differences.</p>`);
  const summary = dotted(`${added.length} added`, `${removed.length} removed`, `${changed.length} changed`);
  return section(
    `Packages (${PACKAGE_KINDS[kind]})`,
    html`<p>${summary}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Package</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          ${all.slice(0, MAX_PACKAGES).map(packageHtml)}
        </tbody>
      </table>`,
  );
}

function packageHtml({ name, before, after }: PackageChange): Html {
  return html`<tr>
    <td>${plainText(name)}</td>
    <td>${plainText(before ?? '–')}</td>
    <td>${plainText(after ?? '–')}</td>
  </tr>`;
}
