import { html, type Html } from './html.ts';
import { STYLE } from './style.ts';

/**
 * Builds a whole page for a webview. Its content security policy allows one style sheet, by nonce,
 * and nothing else: no scripts, images or requests.
 * @param nonce new for each page, letters and digits
 */
export function pageHtml(title: string, nonce: string, body: Html): string {
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.text;
}
