import { Disposable, window } from 'vscode';
import { WEBVIEWS } from './common/ids.ts';
import type { Features } from './features.ts';

/** Restores open pages after the window reloads. The code is loaded when there is such a page. */
export function restorePages(features: Features): Disposable {
  return Disposable.from(
    ...Object.values(WEBVIEWS).map(type =>
      window.registerWebviewPanelSerializer(type, {
        deserializeWebviewPanel: async panel => {
          const { restorePage } = await import('./restorePage.ts');
          // Not awaited, because VS Code shows nothing until this returns.
          void restorePage(panel, type, features);
        },
      }),
    ),
  );
}
