import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { TarReader } from '../layers/tar/tarReader.ts';
import type { TarVisitor } from '../layers/tar/tarEntry.ts';
import { UPPER_TAR_OPTIONS } from '../overlay/changesPlan.ts';
import { ChangesMovedError, ChangesNotReadError, UnreadableChangesError, UnusableChangesError } from './errors.ts';

/** Where to read the changes. Plain data. */
export interface UpperSource {
  /** The image folder, absolute. */
  readonly folder: string;
  /** An archive of `overlay/upper` that a task wrote; absent = read the folder itself. */
  readonly archive?: string;
}

/**
 * Passes every entry of `overlay/upper` to a visitor, in GNU tar's order: by name, directories
 * before their content. GNU tar does the reading, because Node.js has no calls for xattrs.
 * @param ready is awaited after each chunk, if it returns something
 * @throws {UnreadableChangesError} root must read it
 * @throws {ChangesMovedError} {@link ChangesNotReadError} and what the visitor throws
 */
export async function readUpper(
  source: UpperSource,
  visitor: TarVisitor,
  ready: () => Promise<void> | undefined = () => undefined,
): Promise<void> {
  const reader = new TarReader(visitor);
  const take = async (stream: Readable): Promise<void> => {
    for await (const chunk of stream) {
      reader.write(chunk);
      await ready();
    }
  };
  if (source.archive === undefined) await readFolder(source.folder, take);
  else await take(createReadStream(source.archive, { highWaterMark: 1 << 18 }));
  reader.end();
}

/** Refuses links in the place of Peel's own folders, which could lead anywhere. */
export function upperFolder(folder: string): string {
  for (const name of ['overlay', 'overlay/upper']) {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true)
      throw new UnusableChangesError(name, stat === undefined ? 'is missing' : 'is not a folder of its own');
  }
  return join(folder, 'overlay/upper');
}

async function readFolder(folder: string, take: (stream: Readable) => Promise<void>): Promise<void> {
  const upper = upperFolder(folder);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin`, LC_ALL: 'C' };
  await requireGnuTar(env);
  const tar = spawn('tar', [...UPPER_TAR_OPTIONS, '-f', '-', '-C', upper, '.'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  tar.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const closed = once(tar, 'close');
  // A visitor that refuses an entry ends the reading before anyone waits for this.
  closed.catch(() => undefined);
  try {
    await take(tar.stdout);
  } catch (error) {
    tar.kill();
    await closed.catch(() => undefined);
    // Cut short because tar itself failed, which says more.
    if (tar.exitCode !== null && tar.exitCode !== 0) throw failureOf(folder, tar.exitCode, said);
    throw error;
  }
  await closed;
  if (tar.exitCode !== 0) throw failureOf(folder, tar.exitCode, said);
}

function failureOf(folder: string, code: number | null, said: string): Error {
  const lines = said.split('\n').filter(line => line !== '' && !line.includes('socket ignored'));
  const [first = `tar ended with ${code}`] = lines;
  const denied = lines.find(line => /Permission denied|Operation not permitted/.test(line));
  if (denied !== undefined) return new UnreadableChangesError(folder, denied);
  return code === 1 ? new ChangesMovedError(first) : new ChangesNotReadError(`${first}.`);
}

async function requireGnuTar(env: NodeJS.ProcessEnv): Promise<void> {
  const version = await promisify(execFile)('tar', ['--version'], { env }).catch((cause: unknown) => {
    throw new ChangesNotReadError('GNU tar is not installed. Install the package tar.', { cause });
  });
  if (!version.stdout.includes('GNU tar'))
    throw new ChangesNotReadError("the system's tar is not GNU tar. Install the package tar of GNU.");
}
