import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a small document, and waits for the disk, so that the file is whole or absent even after a
 * power loss.
 */
export async function writeWholeFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await createWholeFile(path, 0o644, async file => {
    await file.writeFile(bytes);
    await file.sync();
  });
}

/**
 * Creates a file that gets its name only once `write` has written all of it. A link at that name is
 * replaced, never followed. The folder must exist.
 */
export async function createWholeFile(
  path: string,
  mode: number,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const partial = partialPath(path);
  try {
    const file = await open(partial, 'wx', mode);
    try {
      await write(file);
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Bytes of text gathered before they are written. */
const PIECE = 1 << 20;

/** Writes a file in a worker thread, without waiting for the disk. Text may come in pieces. */
export function writeWholeFileSync(path: string, content: Uint8Array | Iterable<string>): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = partialPath(path);
  try {
    const file = openSync(partial, 'wx', 0o644);
    try {
      for (const piece of content instanceof Uint8Array ? [content] : joined(content)) writeFileSync(file, piece);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function* joined(pieces: Iterable<string>): Generator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}

/**
 * Unique, since two windows may write the same file. Pruning recognises `.partial` in what a crash
 * leaves.
 */
function partialPath(path: string): string {
  return `${path}.${randomUUID()}.partial`;
}
