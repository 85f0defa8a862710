import type { WebviewPanel } from 'vscode';
import { describeFailure } from './common/failures.ts';
import { WEBVIEWS } from './common/ids.ts';
import type { Features } from './features.ts';
import { html, type Html } from './page/html.ts';
import type { PageSubject } from './page/pageMemory.ts';
import { fillPanel } from './page/panels.ts';

type Webview = (typeof WEBVIEWS)[keyof typeof WEBVIEWS];
type Rebuild = (subject: PageSubject, features: Features) => Promise<Html>;

/** Rebuilds each kind of page. The code is loaded when there is such a page. */
const PAGES: Readonly<Record<Webview, () => Promise<Rebuild>>> = {
  [WEBVIEWS.imagePage]: async () => (await import('./imagePage/imagePage.ts')).pageAgain,
  [WEBVIEWS.comparison]: async () => (await import('./compare/comparisonPage.ts')).comparisonAgain,
};

/**
 * Fills a page that VS Code has reopened after fetching its content again. Failures are shown in
 * the page.
 */
export async function restorePage(panel: WebviewPanel, type: Webview, features: Features): Promise<void> {
  const { title } = panel;
  const subject = features.pages.subjectOf({ type, title });
  const page = (text: string): Html =>
    html`<header><h1>${title}</h1></header>
      <p>${text}</p>`;
  let closed = false;
  panel.onDidDispose(() => (closed = true));
  fillPanel(panel, type, page('Loading…'));
  let body: Html;
  try {
    const rebuild = await PAGES[type]();
    body = subject
      ? await rebuild(subject, features)
      : page("This page can't be restored. Open it again from the Peel views.");
  } catch (error) {
    const { cancelled, message } = describeFailure(error);
    if (!cancelled) features.log.error(`${type}: ${message}`);
    body = page(`${message} Open it again from the Peel views.`);
  }
  if (!closed) fillPanel(panel, type, body);
}
