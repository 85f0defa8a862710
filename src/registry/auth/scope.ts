import type { WriteAccess } from '../errors.ts';

/** Returns the scope for writing to a repository; registries want `pull` with it. */
export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`;
}

/** Returns the scope for deleting manifests and ending uploads. */
export function deleteScope(repository: string): string {
  return `repository:${repository}:delete`;
}

/** Returns what a scope allows beyond reading. */
export function writeAccessOf(scope: string): WriteAccess | undefined {
  const actions = scope.split(' ').flatMap(part => (part.split(':').at(-1) ?? '').split(','));
  return (['delete', 'push'] as const).find(action => actions.includes(action));
}
