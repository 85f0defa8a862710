import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Sidecar, readSidecar } from '../../../src/layers/unpack/sidecar.ts';
import type { Unpacked } from '../../../src/layers/unpack/tarUnpacker.ts';
import { LayerUnpacker, type UnpackLimits } from '../../../src/layers/unpack/unpack.ts';
import { sharedTempRoot } from '../../support/sharedTemp.ts';
import { type Entry, tar } from '../../support/tar.ts';

export const LIMITS: UnpackLimits = { maxBytes: 4e9, maxEntries: 100_000 };

/** Creates a scratch folder that is removed at the test's end. */
export function scratch(t: { after(hook: () => void): void }): string {
  const folder = realpathSync(mkdtempSync(join(sharedTempRoot(), 'peel-layers-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type LayerContent = Buffer | readonly (Entry | Uint8Array)[];

export interface UnpackedFolder extends Unpacked {
  readonly folder: string;
  readonly sidecar: Sidecar;
}

/** Unpacks an archive or a compressed one, in chunks of `step` bytes. */
export function unpack(
  content: LayerContent,
  folder: string,
  options: { readonly limits?: Partial<UnpackLimits>; readonly step?: number } = {},
): UnpackedFolder {
  const bytes = Buffer.isBuffer(content) ? content : tar(...content);
  const sidecar = `${folder}.json`;
  const unpacker = new LayerUnpacker({ folder, sidecar, limits: { ...LIMITS, ...options.limits } });
  try {
    feed(unpacker, bytes, options.step);
    return { ...unpacker.end(), folder, sidecar: readSidecar(sidecar) };
  } finally {
    unpacker.close();
  }
}

/**
 * Writes bytes in chunks, and overwrites each afterwards to expose code that keeps a view of it.
 */
export function feed(sink: { write(chunk: Uint8Array): void }, bytes: Buffer, step = 65536): void {
  for (let at = 0; at < bytes.length; at += step) {
    const chunk = Buffer.from(bytes.subarray(at, at + step));
    sink.write(chunk);
    chunk.fill(0xdb);
  }
}

const USER = 61234;

/** Runs an action with a normal user's rights. Needs root. */
export function asUser<T>(action: () => T): T {
  const { setegid, seteuid, setgroups, getgroups } = process;
  if (!setegid || !seteuid || !setgroups || !getgroups) throw new Error('this system has no users');
  const groups = getgroups();
  setgroups([USER]);
  setegid(USER);
  seteuid(USER);
  try {
    return action();
  } finally {
    seteuid(0);
    setegid(0);
    setgroups(groups);
  }
}
