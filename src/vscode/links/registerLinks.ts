import { window, type Disposable, type Uri } from 'vscode';
import type { LinkNeeds } from './openLink.ts';

/** Opens links to Peel: `vscode://peel.peel/open?reference=…`. */
export function registerLinks(needs: LinkNeeds): Disposable {
  return window.registerUriHandler({
    async handleUri(uri: Uri) {
      const { openLink } = await import('./openLink.ts');
      await openLink(uri, needs);
    },
  });
}
