import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatReference } from '../../oci/reference.ts';
import { askFolder } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { withArchive } from '../common/progress.ts';
import type { Views } from '../common/reveal.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';

/**
 * Opens an OCI layout's folder, an archive of one, or an archive made by `docker save` as a
 * registry in the Registries view.
 */
export const openLocal = command(
  ['folder'],
  async (argument, needs: { readonly registries: Registries; readonly lookup: ImageLookup; readonly views: Views }) => {
    const { registries, lookup, views } = needs;
    const path = argument.folder === undefined ? await askPath() : absolutePath(argument.folder);
    if (path === undefined) return undefined;
    const { registry, repository, tags } = await withArchive(`Opening ${basename(path)}`, watch =>
      registries.openLocal(path, watch),
    );
    // The path may contain other images than when it was last opened.
    lookup.forget();
    const references = tags.map(tag => ({ registry, repository, tag }));
    const [first] = references;
    if (first && references.length === 1) await views.revealReference(first);
    else await views.revealRepository(registry, repository);
    return { registry, references: references.map(formatReference) };
  },
);

/** On some systems a dialog shows either files or folders, not both. */
async function askPath(): Promise<string | undefined> {
  const archive = {
    label: '$(file-zip) Archive…',
    detail: 'An OCI archive or the output of docker save, also as .gz or .zst',
  };
  const layout = { label: '$(folder) Folder…', detail: 'An OCI image layout, or a pulled image' };
  const title = 'Open Local Image';
  const kind = await vscode.window.showQuickPick([archive, layout], { title, placeHolder: 'Archive or folder' });
  if (kind === layout) return askFolder(title, 'Open');
  if (kind !== archive) return undefined;
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: 'Open',
    canSelectFiles: true,
    canSelectFolders: false,
    filters: { 'Image archives': ['tar', 'gz', 'tgz', 'zst'], 'All files': ['*'] },
  });
  return chosen?.[0]?.fsPath;
}
