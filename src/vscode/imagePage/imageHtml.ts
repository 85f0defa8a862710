import type { Analysis } from '../../insight/analysis.ts';
import { historyOf, type HistoryStep } from '../../insight/history.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { hideSecretOf, hideSecrets, hideSecretValue } from '../../secrets/secretText.ts';
import { instructionOf } from '../tree/createdBy.ts';
import { count, dotted, formatBytes, plainText, timeAgo } from '../common/text.ts';
import type { ImagePackages } from '../../packages/package.ts';
import { analysisSummary, filesHtml, type LinkTo } from './filesHtml.ts';
import { packagesHtml } from './packagesHtml.ts';
import { html, type Html } from '../page/html.ts';
import { bar, section } from '../page/parts.ts';
import { plainLines, readableInstruction } from './plainLines.ts';

/** A link that runs a command. */
export interface PageAction {
  readonly title: string;
  readonly href: string;
}

/** What an analysis adds to the page. */
export type PageAnalysis = Analysis & { readonly packages: ImagePackages };

/** Rows of a table at most. Only a hostile image has more labels. */
const MAX_ROWS = 500;

/** Renders what an image's manifest and config say, and its analysis. @param now in milliseconds */
export function imageHtml(
  name: string,
  image: ResolvedImage,
  actions: readonly PageAction[],
  now: number,
  analysis?: PageAnalysis & { readonly linkTo: LinkTo },
): Html {
  const { config, layers } = image;
  const created = dotted(plainText(config.created ?? '', 40), timeAgo(config.created, now));
  return html`<header>
      <h1>${plainText(name)}</h1>
      <p>${dotted(plainText(formatPlatform(image.platform)), count(layers.length, 'layer'), sizeOf(image))}</p>
      ${analysis && html`<p>${analysisSummary(analysis)}</p>`}
      <nav aria-label="Actions">
        ${actions.map(({ title, href }) => html`<a class="button" href="${href}">${title}</a>`)}
      </nav>
    </header>
    ${analysis && filesHtml(analysis, analysis.linkTo)}
    ${section(
      'Overview',
      facts([
        ['Digest', image.manifestDigest],
        ['Platform', plainText(formatPlatform(image.platform))],
        ['Created', created],
        ['Author', plainText(config.author ?? '')],
        ['Manifest', plainText(image.manifest.mediaType)],
      ]),
    )}
    ${section('Run configuration', runs(image))} ${section('Environment', environment(config.env))}
    ${section('Labels', labels(config.labels))} ${section('History', history(image, now))}
    ${analysis && packagesHtml(analysis.packages, analysis.linkTo)}`;
}

function sizeOf({ layers }: ResolvedImage): string {
  const sizes = layers.map(({ descriptor }) => descriptor.size);
  return sizes.some(size => size < 0) ? '' : `${formatBytes(sizes.reduce((sum, size) => sum + size, 0))} compressed`;
}

function facts(rows: readonly (readonly [name: string, value: string | Html])[]): Html | undefined {
  const filled = rows.filter(([, value]) => value !== '').slice(0, MAX_ROWS);
  if (filled.length === 0) return undefined;
  return html`<table>
    ${filled.map(
      ([name, value]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${value}</td>
        </tr>`,
    )}
  </table>`;
}

function runs({ config }: ResolvedImage): Html | undefined {
  const { user } = config;
  return facts([
    ['Entrypoint', commandLine(config.entrypoint)],
    ['Command', commandLine(config.command)],
    ['Working directory', plainText(config.workingDir ?? '')],
    ['User', user === undefined ? 'root (default)' : plainText(user)],
    ['Ports', plainText(config.exposedPorts.join(', '), 2_000)],
    ['Volumes', plainText(config.volumes.join(', '), 2_000)],
    ['Stop signal', plainText(config.stopSignal ?? '')],
  ]);
}

/** Quotes arguments that would not be one word. */
function commandLine(words: readonly string[]): string | Html {
  if (words.length === 0) return '';
  const line = words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return html`<code>${plainText(hideSecrets(line.slice(0, 20_000)).text, 4_000)}</code>`;
}

function environment(variables: readonly string[]): Html | undefined {
  const shown = variables.slice(0, MAX_ROWS).map(variable => hideSecretOf(variable.slice(0, 20_000)));
  const hidden = shown.reduce((sum, variable) => sum + variable.hidden, 0);
  const table = facts(
    shown.map(({ text }) => {
      const [name = '', ...value] = text.split('=');
      return [plainText(name), html`<code>${plainText(value.join('='), 2_000)}</code>`];
    }),
  );
  return table && html`${hidden > 0 && secretWarning(hidden, 'The environment')}${table}`;
}

function labels(all: Readonly<Record<string, string>>): Html | undefined {
  const shown = Object.entries(all)
    .slice(0, MAX_ROWS)
    .map(([name, value]) => ({ name, ...hideSecretValue(name, value.slice(0, 20_000)) }));
  const hidden = shown.reduce((sum, label) => sum + label.hidden, 0);
  const table = facts(
    shown.map(({ name, ...value }) => {
      const text = plainText(value.text, 2_000);
      return [plainText(name), isLink(text) ? html`<a href="${text}">${text}</a>` : text];
    }),
  );
  return table && html`${hidden > 0 && secretWarning(hidden, 'The list of labels')}${table}`;
}

function isLink(text: string): boolean {
  return /^https?:\/\/[^\s"'<>]+$/.test(text) && URL.canParse(text);
}

function history({ config, layers }: ResolvedImage, now: number): Html | undefined {
  const steps = historyOf(config, layers);
  if (steps.length === 0) return undefined;
  const biggest = Math.max(1, ...layers.map(({ descriptor }) => descriptor.size));
  const shown = steps.slice(0, 2 * MAX_ROWS).map(step => stepHtml(step, biggest, now));
  const hidden = shown.reduce((sum, step) => sum + step.hidden, 0);
  return html`${hidden > 0 && secretWarning(hidden, 'The history')}
    <ol class="history">
      ${shown.map(step => step.html)}
    </ol>`;
}

/** @param biggest size of the biggest layer, in bytes */
function stepHtml(step: HistoryStep, biggest: number, now: number): { readonly html: Html; readonly hidden: number } {
  const { createdBy = '', comment = '', created, layer } = step;
  const { text, hidden } = hideSecrets(instructionOf(createdBy.slice(0, 20_000)));
  const note = hideSecrets(comment.slice(0, 20_000));
  const said = readableInstruction(plainLines(text, 4_000));
  const size = layer?.descriptor.size ?? 0;
  const place = layer ? dotted(`Layer ${layer.number}`, size >= 0 && formatBytes(size)) : 'No files';
  return {
    hidden: hidden + note.hidden,
    html: html`<li class="${layer ? 'filled' : 'empty'}">
      <div class="step">
        <span>${dotted(place, timeAgo(created, now), plainText(note.text))}</span>
        ${layer && size > 0 && bar(size / biggest)}
      </div>
      ${said !== '' && html`<pre>${said}</pre>`}
    </li>`,
  };
}

function secretWarning(many: number, where: string): Html {
  return html`<p class="warning" role="note">
    ${where} holds ${count(many, 'value')} that ${many === 1 ? 'looks' : 'look'} like a secret. Peel hides
    ${many === 1 ? 'it' : 'them'}, but everyone who has the image can read ${many === 1 ? 'it' : 'them'}.
  </p>`;
}
