import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTool, requireTool } from './tools.ts';

const execute = promisify(execFile);

/** Runs a tool to its end and gives what it printed. A failure's message holds what the tool said. */
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
 * Runs skopeo with an empty blob-info cache: the system's one remembers compressed forms of layers, and hands back gzip where zstd is asked for.
 */
export async function skopeo(args: readonly string[], scratch: string): Promise<string> {
  if (process.getuid?.() !== 0) return run('skopeo', args, { env: { XDG_DATA_HOME: scratch } });
  // For root its place is fixed; a mount namespace of its own covers it.
  const cache = '/var/lib/containers/cache';
  const script = `mkdir -p ${cache} && mount -t tmpfs none ${cache} && exec skopeo "$@"`;
  return run('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'skopeo', ...args]);
}
