import * as vscode from 'vscode';
import { probeOverlay } from '../../overlay/capability.ts';
import { planFuse, planRootless } from '../../overlay/rootlessPlan.ts';
import { askImageFolder } from '../command/ask.ts';
import { offerMount } from './offerMount.ts';
import { IncompleteImageError, NoWayWithoutSudoError, NotVerifiedError } from '../common/errors.ts';
import type { RunCommand } from '../commandTable.ts';

/** Mounts a pulled image by the user's own right: by fuse-overlayfs, or inside one terminal with a namespace of its own. */
export const mountWithoutSudo: RunCommand = async (argument, services) => {
  const folder = await askImageFolder(argument, services, 'Mount Without sudo', mounted => !mounted);
  if (folder === undefined) return undefined;
  const { image } = await services.images.read(folder);
  if (!image.complete) throw new IncompleteImageError(image);
  const { ways, explanation } = await probeOverlay(folder);
  const possible = ways.filter(way => way === 'fuse' || way === 'rootless');
  if (possible.length === 0) throw new NoWayWithoutSudoError(folder, explanation);
  const way = await choose(possible);
  if (way === undefined) return undefined;
  const request = { folder, layers: image.layers.length };
  if (way === 'rootless') {
    await services.tasks.startPlan('namespace', folder, planRootless(request));
    return undefined;
  }
  await services.tasks.runPlan('mount', folder, planFuse(request));
  const { mount } = await services.images.read(folder);
  if (!mount.mounted) throw new NotVerifiedError('mount', mount.mountPoint);
  if (services.interactive) offerMount(mount.mountPoint, folder);
  return { mountPoint: mount.mountPoint };
};

async function choose(possible: readonly string[]): Promise<string | undefined> {
  if (possible.length === 1) return possible[0];
  const items = [
    { label: 'By fuse-overlayfs', detail: 'A mount at merged that all of your programs see.', way: 'fuse' },
    {
      label: 'In a terminal of its own',
      detail: 'A mount that only this terminal sees, and that ends with it.',
      way: 'rootless',
    },
  ];
  return (await vscode.window.showQuickPick(items, { title: 'Mount Without sudo' }))?.way;
}
