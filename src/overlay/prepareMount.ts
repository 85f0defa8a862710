import { planMount, type MountRequest } from './mountPlan.ts';
import type { Plan } from './plan.ts';
import { prepareRestore, restoredLayers } from './restore.ts';

export interface PreparedMount {
  readonly plan: Plan;
  /** What of the image's owners, devices and attributes cannot be restored, for the log. */
  readonly skipped: readonly string[];
}

/**
 * The plan of a mount with all that the folder asks for: where owners were restored once, the mount shows them again; where they are to be
 * restored, the archives for it are written now. So call it right before the plan runs, not to list what could be run.
 * @throws what `planMount` and `prepareRestore` throw
 */
export async function prepareMount(
  request: Omit<MountRequest, 'owned' | 'restore'>,
  signal?: AbortSignal,
): Promise<PreparedMount> {
  const { folder, layers, options } = request;
  if (options.restoreOwnership) {
    // A stack that is too high is refused before the work.
    planMount({ ...request, restore: [] });
    const { owned, lines, skipped } = await prepareRestore(request, signal);
    return { plan: planMount({ ...request, owned, restore: lines }), skipped };
  }
  const owned = (await restoredLayers(folder, layers)) ?? [];
  return { plan: planMount({ ...request, owned }), skipped: [] };
}
