import { homedir } from 'node:os';
import { join } from 'node:path';
import { env, getuid } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The project's folder, without a trailing slash. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** What a run leaves for people to read: logs, screenshots and results. */
export const outFolder = join(projectRoot, 'out');

/**
 * Returns the folder for editors and images shared by all runs and clones: `PEEL_RIG_CACHE`, else a
 * cache folder of the user. Root's is readable by other users, because some tests run the editor as
 * an ordinary user.
 */
export function cacheFolder(): string {
  if (env.PEEL_RIG_CACHE) return env.PEEL_RIG_CACHE;
  if (getuid?.() === 0) return '/var/cache/peel-rig';
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'peel-rig');
}
