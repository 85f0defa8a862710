import type { CommandArgument } from '../common/argument.ts';
import { html, type Html } from './html.ts';

/** A section of a page with a heading; empty without content. */
export function section(title: string, content: Html | undefined): Html {
  return content
    ? html`<section>
        <h2>${title}</h2>
        ${content}
      </section>`
    : html``;
}

/**
 * A bar whose width shows a share between 0 and 1. Drawn as an image because pages allow no inline
 * styles.
 */
export function bar(share: number): Html {
  const width = Math.max(0.5, Math.min(100, 100 * share)).toFixed(1);
  return html`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    <rect class="full" width="100" height="1" />
    <rect class="share" width="${width}" height="1" />
  </svg>`;
}

/**
 * Returns a link that runs a command of Peel. The argument is passed as if from a row, because the
 * user clicks it and expects prompts and follow-ups.
 */
export function commandLink(command: string, argument: CommandArgument): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify([{ argument }]))}`;
}
