import { homedir } from 'node:os';
import { join } from 'node:path';
import { env, getuid } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The project's folder, without a slash at its end. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** What a run leaves for people to read: logs, screenshots, results. */
export const outFolder = join(projectRoot, 'out');

/**
 * Where editors and the bench's images are kept between runs and clones: `PEEL_RIG_CACHE`, else a cache folder of the user. Root's is one that other users can read, since
 * some tests run the editor as an ordinary user.
 */
export function cacheFolder(): string {
  if (env.PEEL_RIG_CACHE) return env.PEEL_RIG_CACHE;
  if (getuid?.() === 0) return '/var/cache/peel-rig';
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'peel-rig');
}
