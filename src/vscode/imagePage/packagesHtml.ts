import type { ImagePackages, InstalledPackage } from '../../packages/package.ts';
import { count, dotted, plainText } from '../common/text.ts';
import { PACKAGE_KINDS } from '../files/packageKinds.ts';
import { html, type Html } from '../page/html.ts';
import { section } from '../page/parts.ts';
import type { LinkTo } from './filesHtml.ts';

/** Rows of each kind. The command *Show Packages…* has all. */
const MAX_ROWS = 500;

/** Renders what an image has installed, by kind, folded. */
export function packagesHtml({ os, packages, sboms, notes }: ImagePackages, linkTo: LinkTo): Html {
  const kinds = [...Map.groupBy(packages, ({ type }) => type)];
  const summary = dotted(plainText(os?.name ?? ''), packages.length === 0 ? 'No packages found' : '');
  return section(
    'Packages',
    html`${summary !== '' && html`<p>${summary}</p>`}
    ${kinds.map(
      ([type, all]) =>
        html`<details>
          <summary>${PACKAGE_KINDS[type]} <span class="quiet">${count(all.length, 'package')}</span></summary>
          ${tableOf(all, linkTo)}
        </details>`,
    )}
    ${
      sboms.length > 0 &&
      html`<p class="quiet">
        The image also contains ${count(sboms.length, 'SBOM')}, which Peel doesn't check:
        ${sboms.slice(0, 20).map(({ path, layer }) => html`<a href="${linkTo(path, layer)}">/${plainText(path, 500)}</a> `)}
      </p>`
    }
    ${notes.slice(0, 20).map(note => html`<p class="quiet">${plainText(note, 600)}</p>`)}
    ${notes.length > 20 && html`<p class="quiet">and ${count(notes.length - 20, 'more note')}</p>`}`,
  );
}

function tableOf(packages: readonly InstalledPackage[], linkTo: LinkTo): Html {
  return html`<table>
      <thead>
        <tr>
          <th scope="col">Package</th>
          <th scope="col">Version</th>
          <th scope="col">License</th>
          <th scope="col">Layer</th>
        </tr>
      </thead>
      <tbody>
        ${packages.slice(0, MAX_ROWS).map(rowOf(linkTo))}
      </tbody>
    </table>
    ${packages.length > MAX_ROWS && html`<p class="quiet">and ${count(packages.length - MAX_ROWS, 'more')}</p>`}`;
}

function rowOf(linkTo: LinkTo): (one: InstalledPackage) => Html {
  return ({ name, version, arch, license, path, layer }) =>
    html`<tr>
      <td><a href="${linkTo(path)}">${plainText(name)}</a></td>
      <td>${plainText(dotted(version, arch))}</td>
      <td>${plainText(license ?? '')}</td>
      <td>${layer}</td>
    </tr>`;
}
