import type { WebviewPanel } from 'vscode';
import { describeFailure } from './common/failures.ts';
import { WEBVIEWS } from './common/ids.ts';
import type { Features } from './features.ts';
import { html, type Html } from './page/html.ts';
import type { PageSubject } from './page/pageMemory.ts';
import { fillPanel } from './page/panels.ts';

type Webview = (typeof WEBVIEWS)[keyof typeof WEBVIEWS];
type MakeAgain = (subject: PageSubject, features: Features) => Promise<Html>;

/** How each kind of page is made again. The code is loaded when there is such a page. */
const PAGES: Readonly<Record<Webview, () => Promise<MakeAgain>>> = {
  [WEBVIEWS.imagePage]: async () => (await import('./imagePage/imagePage.ts')).pageAgain,
  [WEBVIEWS.comparison]: async () => (await import('./compare/comparisonPage.ts')).comparisonAgain,
};

/** Fills a page that VS Code has opened anew, once its content has been fetched again. Failures are shown in it. */
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
    const again = await PAGES[type]();
    body = subject
      ? await again(subject, features)
      : page('Nothing is known of this page any more. Open it again from the Peel views.');
  } catch (error) {
    const { cancelled, message } = describeFailure(error);
    if (!cancelled) features.log.error(`${type}: ${message}`);
    body = page(`${message} Open it again from the Peel views.`);
  }
  if (!closed) fillPanel(panel, type, body);
}
