import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTool, requireTool } from './tools.ts';

const execute = promisify(execFile);

/**
 * Runs a tool to its end and returns its output. A failure's message contains what the tool wrote.
 */
export async function run(
  tool: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const path = findTool(tool);
  if (path === undefined) throw new Error(requireTool(tool) || tool);
  const { stdout } = await execute(path, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    maxBuffer: 64 << 20,
  });
  return stdout;
}

/**
 * Runs skopeo with an empty blob-info cache. The system's cache remembers compressed forms of
 * layers, and skopeo would return gzip for zstd.
 */
export async function skopeo(args: readonly string[], scratch: string): Promise<string> {
  if (process.getuid?.() !== 0) return run('skopeo', args, { env: { XDG_DATA_HOME: scratch } });
  // For root the cache's path is fixed, so it is covered in a separate mount namespace.
  const cache = '/var/lib/containers/cache';
  const script = `mkdir -p ${cache} && mount -t tmpfs none ${cache} && exec skopeo "$@"`;
  return run('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'skopeo', ...args]);
}
