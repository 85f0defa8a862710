import * as vscode from 'vscode';
import { askImageFolder } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { withNotification } from '../common/progress.ts';
import { count, formatBytes, plainText } from '../common/text.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { ImageTasks } from '../mount/imageTasks.ts';
import { changesFrom, withReadableChanges } from './readChanges.ts';

/** What commands about changes take. */
export interface ChangesNeeds {
  readonly images: PulledImages;
  readonly tasks: ImageTasks;
}

const MARKS = { added: 'diff-added', changed: 'diff-modified', deleted: 'diff-removed' } as const;

/**
 * Lists what was added, changed and deleted in a mounted or once mounted image. Started from the
 * UI, shows the list.
 */
export const listChanges = command(['folder'], async (argument, { images, tasks }: ChangesNeeds, call) => {
  const title = 'Show Changes';
  const folder = await askImageFolder(argument, images, title);
  if (folder === undefined) return undefined;
  const image = await images.read(folder);
  const changes = await withReadableChanges(image, tasks, readable =>
    withNotification('Comparing files', signal => changesFrom(readable, image.image.layers.length, signal)),
  );
  if (call.interactive) {
    const items = changes.map(({ path, change, type, size }) => ({
      label: `$(${MARKS[change]}) ${plainText(path, 300)}`,
      description: type === 'file' ? `${change} · ${formatBytes(size)}` : `${change} · ${type}`,
    }));
    const placeHolder = changes.length === 0 ? 'Nothing was changed' : count(changes.length, 'change');
    await vscode.window.showQuickPick(items, { title, placeHolder, matchOnDescription: true });
  }
  return changes;
});
