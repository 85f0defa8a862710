import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeName, nameBytes } from '../layers/tar/byteName.ts';
import type { EncodedEntry } from '../layers/tar/tarEncoder.ts';
import { TarFileWriter } from '../layers/tar/tarFileWriter.ts';
import { createWholeFile } from '../blobs/wholeFile.ts';
import { errorCode } from '../oci/errorCode.ts';
import { isRoot } from './plan.ts';
import { OWNED, RESTORED, RESTORED_NEW, restoreLines, restoredArchive, type RestoreSteps } from './restorePlan.ts';
import { readRestorable } from './restorable.ts';
import { LinkCount, planRestoredLayer, type RestoredItem, type RestoredLayerPlan } from './restoredLayer.ts';

/**
 * How owners are restored, and why.
 *
 * Root must not walk by name through folders that anyone may have filled: an image, or a downloaded
 * workspace, could lead it out by symbolic links, or give it a list of its own. And what root makes
 * must not serve other users: a hostile image's setuid program or device file of a disk would,
 * since `nosuid,nodev` only guards the mount.
 *
 * So there are two steps, and neither gives root a name from an image or a sidecar:
 * 1. Most of an image is root's and plain. `chown -hR --from=<you> 0:0 1 2 3` does that in place:
 * it follows no link, changes only what is yours, and the kernel clears setuid bits. Files with a
 * hard link outside the layers are refused before.
 * 2. The rest (other owners, setuid, capabilities, devices, modes that unpacking had to widen) goes
 * into a restored layer, `layers/owned/N`, right above its layer in the overlay. `layers/owned` is
 * root's with mode 700, so only the mount shows it. `tar -x` fills it in a new, empty folder from
 * an archive that is written here, as you. Every parent in it is a directory of the archive itself,
 * so there is no link to follow.
 */

/** What a mount needs to show the image's owners. */
export interface Restore {
  /** Layers that have a restored layer, or will have one after the lines. */
  readonly owned: readonly number[];
  /** Lines to run in `layers` before the mount; none if done already. */
  readonly lines: readonly string[];
  /** What cannot be restored, each with its reason, for the log. */
  readonly skipped: readonly string[];
}

/** Owners cannot be restored in this folder. */
export class RestoreError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(
      `${message} Mount without restoring owners (setting peel.mount.restoreOwnership), or pull the image again.`,
      options,
    );
    this.name = 'RestoreError';
  }
}

export interface RestoreRequest {
  /** The image folder, absolute. */
  readonly folder: string;
  readonly layers: number;
  readonly root?: boolean;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

async function readNote(file: string, layers: number): Promise<readonly number[] | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isObject(json) || json['version'] !== 1 || json['layers'] !== layers || !Array.isArray(json['owned']))
      return undefined;
    const owned: unknown[] = json['owned'];
    return owned.filter(
      (item): item is number => Number.isInteger(item) && Number(item) >= 1 && Number(item) <= layers,
    );
  } catch {
    return undefined;
  }
}

/**
 * Returns true if only root can have made the folder, so that it cannot have come with a workspace.
 */
async function isRootsOwn(folder: string): Promise<boolean> {
  const stat = await lstat(folder).catch(() => undefined);
  return stat !== undefined && stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o77) === 0;
}

/** Returns the layers with a restored layer, if owners were restored in this folder before. */
export async function restoredLayers(folder: string, layers: number): Promise<readonly number[] | undefined> {
  const owned = await readNote(join(folder, 'layers', RESTORED), layers);
  return owned !== undefined && (await isRootsOwn(join(folder, 'layers', OWNED))) ? owned : undefined;
}

/**
 * Finds out what root must do so that the layers look as the image says, and writes the archives
 * for it into `layers`. Reads every file's attributes, and the content of those with other owners
 * or modes. Nothing changes until the lines run, so call it right before.
 * @throws {RestoreError}
 * @throws {InvalidSidecarError}
 * @throws {ChangedFileError}
 */
export async function prepareRestore(request: RestoreRequest, signal?: AbortSignal): Promise<Restore> {
  const { folder, layers } = request;
  const done = await restoredLayers(folder, layers);
  if (done !== undefined) return { owned: done, lines: [], skipped: [] };
  const place = join(folder, 'layers');
  const root = request.root ?? isRoot();
  const owner = await ownerOf(place, root);
  const sudo = root ? '' : 'sudo ';
  const begun = await readNote(join(place, RESTORED_NEW), layers);
  if (begun !== undefined && (await isRootsOwn(join(place, OWNED)))) {
    // The restored layers exist, and parts of the layers may be root's, and perhaps unreadable.
    const top = await topOf(place, layers);
    return {
      owned: begun,
      lines: restoreLines({ layers, restored: begun, owner, top, unpacked: true, sudo }),
      skipped: [],
    };
  }
  const plans = await planRestoredLayers(place, layers, owner, signal);
  const restored = plans.filter(plan => plan.items.length > 0);
  for (const plan of restored) await writeArchive(place, plan, signal);
  const owned = restored.map(plan => plan.layer);
  await createWholeFile(join(place, RESTORED_NEW), 0o600, async file => {
    await file.writeFile(`${JSON.stringify({ version: 1, layers, owned })}\n`);
  });
  const top = await topOf(place, layers);
  const lines = restoreLines({ layers, restored: owned, owner, top, unpacked: false, sudo });
  return { owned, lines, skipped: plans.flatMap(plan => plan.skipped) };
}

/** Returns the root directory's attributes from the topmost layer that has any. */
async function topOf(place: string, layers: number): Promise<RestoreSteps['top']> {
  for (let layer = layers; layer >= 1; layer--) {
    const { entries } = await readRestorable(join(place, `${layer}.json`));
    const entry = entries.findLast(item => item.path === '');
    if (entry !== undefined) return entry;
  }
  return { uid: 0, gid: 0, mode: 0o755 };
}

/** Returns the owner of the files. Only the user's own are given away. */
async function ownerOf(place: string, root: boolean): Promise<number> {
  const stat = await lstat(place);
  const self = process.getuid?.() ?? 0;
  if (!root && stat.uid !== self && stat.uid !== 0) {
    throw new RestoreError(`${place} belongs to another user of this machine.`);
  }
  return stat.uid;
}

async function planRestoredLayers(
  place: string,
  layers: number,
  owner: number,
  signal?: AbortSignal,
): Promise<RestoredLayerPlan[]> {
  const links = new LinkCount();
  const plans: RestoredLayerPlan[] = [];
  for (let layer = 1; layer <= layers; layer++) {
    const folder = join(place, String(layer));
    if (!(await lstat(folder)).isDirectory()) throw new RestoreError(`${folder} isn't an unpacked layer.`);
    const sidecar = await readRestorable(`${folder}.json`);
    const plan = await readable(folder, () => planRestoredLayer({ layer, folder, sidecar, owner, links }, signal));
    plans.push(plan);
  }
  const outside = owner === 0 ? undefined : links.outside();
  if (outside !== undefined) {
    const shown = JSON.stringify(outside);
    throw new RestoreError(`${shown} has another hard link outside the layers, whose owner would change with it.`);
  }
  return plans;
}

async function readable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (errorCode(cause) === 'EACCES' || errorCode(cause) === 'EPERM') {
      throw new RestoreError(`${folder} cannot be read: some of it belongs to another user by now.`, { cause });
    }
    throw cause;
  }
}

async function writeArchive(place: string, plan: RestoredLayerPlan, signal?: AbortSignal): Promise<void> {
  const folder = join(place, String(plan.layer));
  await readable(folder, () =>
    createWholeFile(join(place, restoredArchive(plan.layer)), 0o600, async file => {
      const writer = new TarFileWriter(file);
      for (const item of plan.items) {
        const path = nameBytes(`${folder}/${item.path}`);
        const target = item.type === 'symlink' ? decodeName(await readlink(path, { encoding: 'buffer' })) : undefined;
        await writer.add(tarEntry(item, target), item.type === 'file' ? path : undefined, signal);
      }
      await writer.end();
    }),
  );
}

function tarEntry(item: RestoredItem, target = item.target): EncodedEntry {
  return {
    ...item,
    linkname: target ?? '',
    size: 0,
    mtime: item.mtimeMs / 1000,
    devMajor: item.major ?? 0,
    devMinor: item.minor ?? 0,
  };
}
