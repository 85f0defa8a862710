import type { Analysis, FoundSecret } from '../../insight/analysis.ts';
import type { Space } from '../../insight/space.ts';
import { count, dotted, formatBytes, plainText } from '../common/text.ts';
import { html, type Html } from '../page/html.ts';
import { section } from '../page/parts.ts';
import { treemapHtml } from './treemapHtml.ts';

/** Rows of each list. Those that follow are small. */
const ROWS = 25;

/** Returns a link that opens a file in an editor. @param layer absent = all layers merged */
export type LinkTo = (path: string, layer?: number) => string;

/** Returns what the analysis found, in one line. */
export function analysisSummary({ secrets, space }: Analysis): string {
  const files = filesOf(secrets);
  return dotted(
    files === 0 ? 'No likely secrets' : `⚠ ${count(files, 'file')} may contain a secret`,
    `${formatBytes(space.hiddenBytes)} wasted`,
  );
}

/** Renders an image's likely secrets, sizes, largest files and wasted space. */
export function filesHtml(analysis: Analysis, linkTo: LinkTo): Html {
  return html`${section('Files that look like secrets', suspects(analysis, linkTo))}
  ${section('Sizes', pictures(analysis))} ${section('Largest files', largest(analysis, linkTo))}
  ${section('Wasted space', wasted(analysis.space, linkTo))}`;
}

function suspects({ secrets, listedOnly }: Analysis, linkTo: LinkTo): Html | undefined {
  const unseen =
    listedOnly.length > 0 &&
    html`<p class="quiet">
      Only a list of the files in ${listedOnly.length === 1 ? 'layer' : 'layers'} ${listedOnly.join(', ')} was read, so
      secrets there are judged by file names alone.
    </p>`;
  if (secrets.length === 0) return unseen || undefined;
  const files = filesOf(secrets);
  return html`<p class="warning" role="note">
      ${count(files, 'file')} may contain a secret, judging by content or name. Files that a later layer deletes or
      replaces can still be read by anyone who has the image.
    </p>
    ${table(
      ['File', 'Layer', 'Likely'],
      secrets
        .slice(0, 10 * ROWS)
        .map(file => [link(file.path, linkTo(file.path, file.layer)), String(file.layer), likely(file)]),
    )}
    ${secrets.length > 10 * ROWS && html`<p class="quiet">and ${count(secrets.length - 10 * ROWS, 'more')}</p>`}
    ${unseen}`;
}

function filesOf(secrets: readonly FoundSecret[]): number {
  return new Set(secrets.map(({ path, layer }) => `${layer}:${path}`)).size;
}

function likely({ what, line, example, hidden }: FoundSecret): string {
  const where = line === undefined ? 'by its name' : `line ${line}`;
  return dotted(
    `${what} (${where})`,
    example && 'among tests or examples',
    hidden && 'replaced or deleted in a later layer',
  );
}

function pictures({ byFolder, byLayer }: Analysis): Html | undefined {
  if (byFolder.size === 0) return undefined;
  return html`<h3>By folder</h3>
    ${treemapHtml(byFolder, `Sizes of the folders; ${formatBytes(byFolder.size)} in all`)}
    <h3>By layer</h3>
    ${treemapHtml(byLayer, `Sizes of the layers and of the folders in them; ${formatBytes(byLayer.size)} in all`)}`;
}

function largest({ largest: files, smaller }: Analysis, linkTo: LinkTo): Html | undefined {
  if (files.length === 0) return undefined;
  return html`${table(
    ['File', 'Layer', 'Size'],
    files.map(({ path, layer, size }) => [link(path, linkTo(path, layer)), String(layer), formatBytes(size)]),
  )}
  ${rest(smaller)}`;
}

function wasted({ hidden, hiddenBytes, visibleBytes, diveBytes }: Space, linkTo: LinkTo): Html {
  const all = visibleBytes + hiddenBytes;
  const costly = hidden.filter(({ bytes }) => bytes > 0);
  if (costly.length === 0) return html`<p>None. No file is replaced or deleted by a later layer.</p>`;
  const percent = all > 0 ? Math.round((1000 * hiddenBytes) / all) / 10 : 0;
  return html`<p>
      ${formatBytes(hiddenBytes)} of ${formatBytes(all)} (${percent} %) are in files that a later layer replaces or
      deletes, before compression. (<code>dive</code> reports ${formatBytes(diveBytes)}, because it also counts the
      final copies.)
    </p>
    ${table(
      ['File', 'What happens', 'Wasted'],
      costly
        .slice(0, ROWS)
        .map(({ path, layers, hiddenBy, deleted, bytes }) => [
          link(path, linkTo(path, layers.at(-1) ?? 1)),
          `${deleted ? 'deleted' : 'replaced'} by layer ${hiddenBy.join(', ')}; in layer ${layers.join(', ')}`,
          formatBytes(bytes),
        ]),
    )}
    ${rest(costly.length - ROWS)}`;
}

function rest(smaller: number): Html | undefined {
  return smaller > 0 ? html`<p class="quiet">and ${count(smaller, 'smaller one')}</p>` : undefined;
}

function link(path: string, href: string): Html {
  return html`<a href="${href}">/${plainText(path, 1_000)}</a>`;
}

function table(heads: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`<table>
    <thead>
      <tr>
        ${heads.map(head => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        cells =>
          html`<tr>
            ${cells.map(cell => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
