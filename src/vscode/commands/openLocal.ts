import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatReference } from '../../oci/reference.ts';
import { withNotification } from '../progress.ts';
import { absolutePath } from '../workspacePaths.ts';
import type { RunCommand } from './table.ts';

/** Opens an OCI layout's folder, an archive of one, or what `docker save` wrote, in the Registries view, where it is used as from a registry. */
export const openLocal: RunCommand = async (argument, { registries, lookup, views }) => {
  const path = argument.folder === undefined ? await askPath() : absolutePath(argument.folder);
  if (path === undefined) return undefined;
  const { registry, repository, tags } = await withNotification(`Opening ${basename(path)}`, signal =>
    registries.openLocal(path, signal),
  );
  // The path may hold other images than when it was opened before.
  lookup.forget();
  const references = tags.map(tag => ({ registry, repository, tag }));
  const [first] = references;
  if (first && references.length === 1) await views.revealReference(first);
  else await views.revealRepository(registry, repository);
  return { registry, references: references.map(formatReference) };
};

async function askPath(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: 'Open Local Image: an archive of docker save or an OCI archive',
    openLabel: 'Open',
    canSelectFiles: true,
    canSelectFolders: false,
    filters: { 'Image archives': ['tar'], 'All files': ['*'] },
  });
  return chosen?.[0]?.fsPath;
}
