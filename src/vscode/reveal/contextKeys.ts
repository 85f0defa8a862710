import * as vscode from 'vscode';
import { CONTEXTS } from '../common/ids.ts';
import type { ImageOnDisk, PulledImages } from '../images/pulledImages.ts';
import type { Registries } from '../registries/registries.ts';

// The palette shows a command only while there is something that it can be used on.

/** Publishes whether there are images to unmount, to mount, or to use at all. */
export async function publishImages(
  list: readonly ImageOnDisk[],
  images: Pick<PulledImages, 'damaged'>,
): Promise<void> {
  await Promise.all([
    publish(CONTEXTS.hasImages, list.length > 0),
    publish(
      CONTEXTS.hasMounted,
      list.some(({ mount }) => mount.mounted),
    ),
    publish(
      CONTEXTS.hasUnmounted,
      list.some(({ image, mount }) => image.complete && !mount.mounted),
    ),
    publish(CONTEXTS.hasDamaged, list.length === 0 && (await images.damaged()).length > 0),
  ]);
}

/**
 * Publishes whether Peel has an account, whether a repository is pinned, and whether no registry is
 * listed: a view of an empty list offers what to do, one that is still loading must not.
 */
export async function publishRegistries(registries: Registries): Promise<void> {
  const names = namesIn(registries) ?? [];
  const accounts = await Promise.all(names.map(name => registries.accountOf(name)));
  await Promise.all([
    publish(CONTEXTS.noRegistries, namesIn(registries)?.length === 0),
    publish(
      CONTEXTS.hasAccount,
      accounts.some(account => account !== undefined),
    ),
    publish(
      CONTEXTS.hasPinned,
      names.some(name => registries.pinned(name).length > 0),
    ),
  ]);
}

/** `undefined` if a setting is invalid. */
function namesIn(registries: Registries): readonly string[] | undefined {
  try {
    return [...registries.list().map(({ name }) => name), ...registries.pinnedElsewhere()];
  } catch {
    // The view shows an invalid setting's error.
    return undefined;
  }
}

async function publish(key: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', key, value);
}
