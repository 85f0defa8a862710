import * as vscode from 'vscode';
import { probeOverlay } from '../../overlay/capability.ts';
import { planFuse, planRootless } from '../../overlay/rootlessPlan.ts';
import { askImageFolder } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { IncompleteImageError, NoWayWithoutSudoError } from '../common/errors.ts';
import { mountedAt, type MountNeeds } from './commands.ts';

/**
 * Mounts a pulled image with the user's own permissions: with fuse-overlayfs, or in a terminal with
 * a namespace of its own.
 */
export const mountWithoutSudo = command(['folder'], async (argument, needs: MountNeeds, call) => {
  const folder = await askImageFolder(argument, needs.images, 'Mount Without sudo', 'unmounted');
  if (folder === undefined) return undefined;
  const { image } = await needs.images.read(folder);
  if (!image.complete) throw new IncompleteImageError(image);
  const { ways, explanation } = await probeOverlay(folder);
  const possible = ways.filter(way => way === 'fuse' || way === 'rootless');
  if (possible.length === 0) throw new NoWayWithoutSudoError(folder, explanation);
  const way = await choose(possible);
  if (way === undefined) return undefined;
  const request = { folder, layers: image.layers.length };
  if (way === 'rootless') {
    await needs.tasks.startPlan('namespace', folder, planRootless(request));
    return undefined;
  }
  await needs.tasks.runPlan('mount', folder, planFuse(request));
  return mountedAt(folder, needs.images, call);
});

async function choose(possible: readonly string[]): Promise<string | undefined> {
  if (possible.length === 1) return possible[0];
  const items = [
    { label: 'With fuse-overlayfs', detail: 'Mounts at "merged", visible to all your programs.', way: 'fuse' },
    {
      label: 'In a new terminal',
      detail: 'Visible only in that terminal, and unmounted when it closes.',
      way: 'rootless',
    },
  ];
  return (await vscode.window.showQuickPick(items, { title: 'Mount Without sudo' }))?.way;
}
