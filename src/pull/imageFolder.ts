import type { Compression } from '../oci/compression.ts';
import { lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeWholeFile } from '../blobs/wholeFile.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { errorCode } from '../oci/errorCode.ts';
import { asObjects, asString, isObject, type JsonObject } from '../oci/json.ts';
import { DamagedFolderError, NoImageFolderError } from './folderErrors.ts';

/**
 * A pulled image, as its `peel.json` describes it: written before the first byte, and again at the
 * end.
 */
export interface ImageFolder {
  readonly folder: string;
  /** Canonical form of the reference. */
  readonly reference: string;
  /** Of the manifest as the registry has it. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** `os/architecture[/variant]`. */
  readonly platform: string;
  /** False during a pull, and after one that was interrupted. The next pull resumes it. */
  readonly complete: boolean;
  /** Base first. */
  readonly layers: readonly FolderLayer[];
}

export interface FolderLayer {
  /** 1 is the base. */
  readonly number: number;
  readonly digest: Digest;
  /** Absent for schema 1 until the layer has been read. */
  readonly diffId?: Digest;
  /** Bytes of the blob; -1 while unknown. */
  readonly size: number;
  readonly createdBy?: string;
  /** Of the blob; known once it has been read. */
  readonly compression?: Compression;
  /** Relative to the image's folder; absent until the layer is unpacked. */
  readonly folder?: string;
}

/** The target exists and is something else than the image to be pulled. */
export class FolderTakenError extends Error {
  readonly folder: string;
  /** The pulled image that is there, if it is one. */
  readonly holds: ImageFolder | undefined;
  constructor(folder: string, reason: string, holds?: ImageFolder, options?: ErrorOptions) {
    super(`${folder} ${reason}. Nothing in it was changed. Choose another folder, or remove this one first.`, options);
    this.name = 'FolderTakenError';
    this.folder = folder;
    this.holds = holds;
  }
}

/** Another window or command is pulling into the folder. */
export class FolderBusyError extends Error {
  readonly folder: string;
  constructor(folder: string) {
    super(`Another window or command is pulling into ${folder}. Wait until it is done, or choose another folder.`);
    this.name = 'FolderBusyError';
    this.folder = folder;
  }
}

export const DESCRIPTION = 'peel.json';
/** The lock file of the pull under way. */
export const LOCK = '.peel.lock';
const VERSION = 1;

/**
 * Reads a folder's description. It is in a workspace and may come from anywhere, so every member is
 * checked.
 * @throws {NoImageFolderError}
 * @throws {DamagedFolderError} everything else in the folder shows that a pull made it
 */
export async function readImageFolder(folder: string): Promise<ImageFolder> {
  let text: string;
  try {
    text = await readFile(join(folder, DESCRIPTION), 'utf8');
  } catch (cause) {
    const missing = errorCode(cause) === 'ENOENT';
    throw new NoImageFolderError(folder, missing ? 'it has no peel.json' : 'its peel.json cannot be read', { cause });
  }
  const json = parseJson(text);
  if (isObject(json) && typeof json.version === 'number' && json.version !== VERSION)
    throw new NoImageFolderError(folder, `its peel.json has version ${json.version}, from another version of Peel`);
  const described = isObject(json) && json.version === VERSION ? imageFolder(json, folder) : undefined;
  if (described) return described;
  if (await wasPulled(folder)) throw new DamagedFolderError(folder);
  throw new NoImageFolderError(folder, 'its peel.json is damaged or not from Peel');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns `undefined` if a required member is missing. */
function imageFolder(json: JsonObject, folder: string): ImageFolder | undefined {
  const { digest } = json;
  const layers = asObjects(json.layers).map((layer, at) => folderLayer(layer, at));
  const known = layers.filter(layer => layer !== undefined);
  if (!isDigest(digest) || known.length < layers.length) return undefined;
  return {
    folder,
    reference: asString(json.reference) ?? basename(folder),
    digest,
    mediaType: asString(json.mediaType) ?? '',
    platform: asString(json.platform) ?? '',
    complete: json.complete === true && known.every(layer => layer.folder !== undefined),
    layers: known,
  };
}

/**
 * Whether the folder has what only a pull creates, and what its removal deletes last before
 * peel.json.
 */
async function wasPulled(folder: string): Promise<boolean> {
  const is = async (name: string, kind: 'isFile' | 'isDirectory'): Promise<boolean> =>
    (await lstat(join(folder, name)).catch(() => undefined))?.[kind]() === true;
  const [description, merged, upper, work] = await Promise.all([
    is(DESCRIPTION, 'isFile'),
    is('merged', 'isDirectory'),
    is('overlay/upper', 'isDirectory'),
    is('overlay/work', 'isDirectory'),
  ]);
  return description && merged && (upper || work);
}

function folderLayer(json: JsonObject, at: number): FolderLayer | undefined {
  const { digest, diffId, size } = json;
  if (!isDigest(digest)) return undefined;
  const createdBy = asString(json.createdBy);
  return {
    number: at + 1,
    digest,
    size: typeof size === 'number' && Number.isSafeInteger(size) ? size : -1,
    ...(isDigest(diffId) ? { diffId } : {}),
    ...(createdBy ? { createdBy } : {}),
    ...(isCompression(json.compression) ? { compression: json.compression } : {}),
    // Derived from the number: a string from the file never becomes a path.
    ...(json.folder === undefined ? {} : { folder: layerFolder(at + 1) }),
  };
}

function isCompression(value: unknown): value is Compression {
  return value === 'gzip' || value === 'zstd' || value === 'none';
}

/** Returns where a layer is unpacked, relative to the image's folder. */
export function layerFolder(number: number): string {
  return `layers/${number}`;
}

/** Writes the description. */
export async function writeImageFolder(image: ImageFolder): Promise<void> {
  const { folder, ...rest } = image;
  await writeWholeFile(join(folder, DESCRIPTION), `${JSON.stringify({ version: VERSION, ...rest }, undefined, 2)}\n`);
}

/** Returns the pulled images directly in a folder, by name, without the damaged ones. */
export async function listImageFolders(imagesFolder: string): Promise<ImageFolder[]> {
  const folders = await foldersIn(imagesFolder);
  const images = await Promise.all(folders.map(folder => readImageFolder(folder).catch(() => undefined)));
  return images.filter(image => image !== undefined).sort((a, b) => a.folder.localeCompare(b.folder));
}

/** Returns the damaged ones that {@link listImageFolders} leaves out. */
export async function listDamagedFolders(imagesFolder: string): Promise<string[]> {
  const folders = await foldersIn(imagesFolder);
  const damaged = await Promise.all(folders.map(isDamagedFolder));
  return folders.filter((_, at) => damaged[at]).sort();
}

/** Whether the folder is a pulled image whose description is damaged. */
export async function isDamagedFolder(folder: string): Promise<boolean> {
  return readImageFolder(folder).then(
    () => false,
    (error: unknown) => error instanceof DamagedFolderError,
  );
}

async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory()).map(entry => join(parent, entry.name));
}

/** Folders that a pull writes into. A link among them would lead out of the image's folder. */
const OWN_FOLDERS = [
  'layers',
  'blobs',
  'blobs/sha256',
  'blobs/sha512',
  'overlay',
  'overlay/upper',
  'overlay/work',
  'merged',
];

/**
 * Creates the folder, or checks that the one there is an earlier pull of the same image.
 * @returns the earlier pull
 * @throws {FolderTakenError} it is something else; nothing in it was changed
 */
export async function claimImageFolder(wanted: ImageFolder): Promise<ImageFolder | undefined> {
  const { folder } = wanted;
  const stat = await lstat(folder).catch(() => undefined);
  if (stat && !stat.isDirectory())
    throw new FolderTakenError(folder, stat.isSymbolicLink() ? 'is a symbolic link' : 'is a file');
  if (stat && !(await readdir(folder)).every(isLeftover)) return await samePull(wanted);
  await mkdir(folder, { recursive: true });
  return undefined;
}

/** Whether a pull that ended before it wrote a description left the file. */
function isLeftover(name: string): boolean {
  return name === LOCK || (name.startsWith(`${DESCRIPTION}.`) && name.endsWith('.partial'));
}

async function samePull(wanted: ImageFolder): Promise<ImageFolder> {
  const { folder } = wanted;
  const there = await readImageFolder(folder).catch((error: unknown) => {
    if (error instanceof DamagedFolderError)
      throw new FolderTakenError(folder, 'has a pulled image whose peel.json is damaged', undefined, {
        cause: error,
      });
    return undefined;
  });
  if (!there) throw new FolderTakenError(folder, "is not empty and isn't a pulled image");
  if (there.digest !== wanted.digest)
    throw new FolderTakenError(
      folder,
      `has another image: ${there.reference} (${there.platform}, ${there.digest.slice(0, 19)})`,
      there,
    );
  for (const name of OWN_FOLDERS) {
    const stat = await lstat(join(folder, name)).catch(() => undefined);
    if (stat && !stat.isDirectory()) throw new FolderTakenError(folder, `has a ${name} that is not a folder`, there);
  }
  return there;
}
