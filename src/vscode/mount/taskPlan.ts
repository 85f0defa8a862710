import { parseConfig } from '../../oci/config.ts';
import type { Logger } from '../../oci/logger.ts';
import { planUnmount } from '../../overlay/mountPlan.ts';
import { mountState } from '../../overlay/mountState.ts';
import type { Plan } from '../../overlay/plan.ts';
import { prepareMount } from '../../overlay/prepareMount.ts';
import { planShell } from '../../overlay/shellPlan.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';
import { IncompleteImageError } from '../common/errors.ts';
import { readFolderDocument } from '../images/folderDocument.ts';
import type { Settings } from '../settings/settings.ts';
import type { TaskAction } from './taskDefinition.ts';

/** What a task needs besides its definition. */
export interface PlanOptions {
  /** Unmounts even if the mount is in use: it disappears once unused. */
  readonly lazy?: boolean;
  /** Distinguishes this run from other running ones of the same task. */
  readonly terminal?: number;
}

/**
 * Returns what the terminal runs for a task. @throws {IncompleteImageError} and what the plans
 * throw
 */
export async function planTask(
  action: TaskAction,
  image: ImageFolder,
  settings: Pick<Settings, 'nosuidNodev' | 'restoreOwnership'>,
  log: Logger,
  options: PlanOptions = {},
): Promise<Plan> {
  const { folder, layers } = image;
  if (action === 'unmount') {
    const { kind } = await mountState(folder);
    return planUnmount({ folder, lazy: options.lazy ?? false, fuse: kind === 'fuse-overlayfs' });
  }
  if (!image.complete) throw new IncompleteImageError(image);
  if (action === 'shell') {
    const path = await pathOf(folder);
    return planShell({ folder, ...(path === undefined ? {} : { path }) });
  }
  const { nosuidNodev, restoreOwnership } = settings;
  // Layers are unpacked with `user.` attributes, which every user may set, even by root.
  const how = { nosuidNodev, restoreOwnership, userxattr: true };
  const { plan, skipped } = await prepareMount({ folder, layers: layers.length, options: how });
  for (const reason of skipped) log.warn(`${folder}: not restored: ${reason}`);
  return plan;
}

/** The PATH of the image's config. A damaged layout doesn't prevent a shell. */
async function pathOf(folder: string): Promise<string | undefined> {
  try {
    const { env } = parseConfig(await readFolderDocument(folder, 'config'));
    return env.find(line => line.startsWith('PATH='))?.slice('PATH='.length);
  } catch {
    return undefined;
  }
}
