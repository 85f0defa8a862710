import { html, type Html } from './html.ts';
import { STYLE } from './style.ts';

/**
 * A whole page for a webview. Its policy allows one style sheet, by its nonce, and nothing else: no script, no picture, no request, whatever gets into it.
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
