import type { LayerContent } from '../../insight/layerContent.ts';
import type { SecretFile } from '../../insight/secretFiles.ts';
import type { Space } from '../../insight/space.ts';
import { sizeTree } from '../../insight/treemap.ts';
import { count, dotted, formatBytes, plainText } from '../tree/text.ts';
import { html, type Html } from './html.ts';
import { section } from './parts.ts';
import { treemapHtml } from './treemapHtml.ts';

/** Rows of each list. What comes after them is small. */
const ROWS = 25;

/** What was found in the layers, which are base first. */
export interface Analysis {
  readonly layers: readonly LayerContent[];
  readonly space: Space;
  readonly secrets: readonly SecretFile[];
}

/** A link that opens a file of a layer in an editor. */
export type LinkTo = (path: string, layer: number) => string;

/** What the files of an image tell: which are large, which only cost space, which look like secrets. */
export function filesHtml({ layers, space, secrets }: Analysis, linkTo: LinkTo): Html {
  return html`${section('Files that look like secrets', suspects(secrets, layers, space, linkTo))}
  ${section('Sizes', pictures(layers, space))} ${section('Largest files', largest(space, linkTo))}
  ${section('Wasted space', wasted(space, linkTo))}`;
}

function suspects(
  found: readonly SecretFile[],
  layers: readonly LayerContent[],
  { visible }: Space,
  linkTo: LinkTo,
): Html | undefined {
  const listed = layers.filter(({ listedOnly }) => listedOnly).map(({ number }) => number);
  const unseen =
    listed.length > 0 &&
    html`<p class="quiet">
      Of ${listed.length === 1 ? 'layer' : 'layers'} ${listed.join(', ')} only a list of the files was read, so that
      secrets are told there by the names of files alone.
    </p>`;
  if (found.length === 0) return unseen || undefined;
  const seen = new Set(visible.map(({ path, layer }) => `${layer}:${path}`));
  const gone = ({ path, layer }: SecretFile): boolean => !seen.has(`${layer}:${path}`);
  const files = new Set(found.map(({ path, layer }) => `${layer}:${path}`)).size;
  return html`<p class="warning" role="note">
      By what is in them or by their names, ${count(files, 'file')} may hold a secret. What a later layer deleted or
      replaced is still in the image for everybody who has it.
    </p>
    ${table(
      ['File', 'Layer', 'Likely'],
      found
        .slice(0, 10 * ROWS)
        .map(file => [link(file.path, linkTo(file.path, file.layer)), String(file.layer), likely(file, gone(file))]),
    )}
    ${found.length > 10 * ROWS && html`<p class="quiet">and ${count(found.length - 10 * ROWS, 'more')}</p>`} ${unseen}`;
}

function likely({ what, line, example }: SecretFile, gone: boolean): string {
  const where = line === undefined ? 'by its name' : `line ${line}`;
  return dotted(`${what} (${where})`, example && 'among tests or examples', gone && 'hidden by a later layer');
}

function pictures(layers: readonly LayerContent[], { visible, visibleBytes }: Space): Html | undefined {
  if (visibleBytes === 0) return undefined;
  const byFolder = sizeTree(visible.map(({ path, size }) => ({ parts: path.split('/'), size })));
  const byLayer = sizeTree(
    layers.flatMap(({ number, entries }) =>
      entries.map(({ path, size }) => ({ parts: [`Layer ${number}`, ...path.split('/')], size })),
    ),
  );
  return html`<h3>By folder</h3>
    ${treemapHtml(byFolder, `Sizes of the folders; ${formatBytes(visibleBytes)} in all`)}
    <h3>By layer</h3>
    ${treemapHtml(byLayer, `Sizes of the layers and of the folders in them; ${formatBytes(byLayer.size)} in all`)}`;
}

function largest({ visible }: Space, linkTo: LinkTo): Html | undefined {
  const files = visible.filter(({ type, size }) => type === 'file' && size > 0).sort((a, b) => b.size - a.size);
  if (files.length === 0) return undefined;
  return html`${table(
    ['File', 'Layer', 'Size'],
    files
      .slice(0, ROWS)
      .map(({ path, layer, size }) => [link(path, linkTo(path, layer)), String(layer), formatBytes(size)]),
  )}
  ${rest(files.length)}`;
}

function wasted({ hidden, hiddenBytes, visibleBytes }: Space, linkTo: LinkTo): Html {
  const all = visibleBytes + hiddenBytes;
  const costly = hidden.filter(({ bytes }) => bytes > 0);
  if (costly.length === 0) return html`<p>None: no file is overwritten or deleted by a later layer.</p>`;
  const percent = all > 0 ? Math.round((1000 * hiddenBytes) / all) / 10 : 0;
  return html`<p>
      ${formatBytes(hiddenBytes)} of ${formatBytes(all)} (${percent} %) are in files that a later layer overwrites or
      deletes, before compression.
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
    ${rest(costly.length)}`;
}

function rest(all: number): Html | undefined {
  return all > ROWS ? html`<p class="quiet">and ${count(all - ROWS, 'smaller one')}</p>` : undefined;
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
