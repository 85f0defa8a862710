import { Disposable, window } from 'vscode';
import { WEBVIEWS } from './common/ids.ts';
import type { Features } from './features.ts';

/** Lets pages that were open come back when the window has been loaded anew. The code is loaded when there is such a page. */
export function restorePages(features: Features): Disposable {
  return Disposable.from(
    ...Object.values(WEBVIEWS).map(type =>
      window.registerWebviewPanelSerializer(type, {
        deserializeWebviewPanel: async panel => {
          const { restorePage } = await import('./restorePage.ts');
          // VS Code waits for this before it shows anything.
          void restorePage(panel, type, features);
        },
      }),
    ),
  );
}
