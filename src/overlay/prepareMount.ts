import { planMount, type MountRequest } from './mountPlan.ts';
import type { Plan } from './plan.ts';
import { prepareRestore, restoredLayers } from './restore.ts';

export interface PreparedMount {
  readonly plan: Plan;
  /** Owners, devices and attributes that cannot be restored, for the log. */
  readonly skipped: readonly string[];
}

/**
 * Plans a mount with everything that the folder needs. If owners were restored once, the mount
 * shows them again; if they are to be restored, the archives for it are written now. So call it
 * right before the plan runs, not to list what could be run.
 * @throws what `planMount` and `prepareRestore` throw
 */
export async function prepareMount(
  request: Omit<MountRequest, 'owned' | 'restore'>,
  signal?: AbortSignal,
): Promise<PreparedMount> {
  const { folder, layers, options } = request;
  if (options.restoreOwnership) {
    // Refuses too many layers before the work.
    planMount({ ...request, restore: [] });
    const { owned, lines, skipped } = await prepareRestore(request, signal);
    return { plan: planMount({ ...request, owned, restore: lines }), skipped };
  }
  const owned = (await restoredLayers(folder, layers)) ?? [];
  return { plan: planMount({ ...request, owned }), skipped: [] };
}
