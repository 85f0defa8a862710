import type { Compression } from '../oci/compression.ts';
import { lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeWholeFile } from '../blobs/wholeFile.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { errorCode } from '../oci/errorCode.ts';
import { asObjects, asString, isObject, type JsonObject } from '../oci/json.ts';
import { DamagedFolderError, NoImageFolderError } from './folderErrors.ts';

/** What `peel.json` says of a pulled image: the folder's own description, written before the first byte and again when all is there. */
export interface ImageFolder {
  readonly folder: string;
  /** Canonical text of the reference. */
  readonly reference: string;
  /** Of the image's manifest as the registry holds it. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** `os/architecture[/variant]`. */
  readonly platform: string;
  /** False while a pull is under way, or was broken off: the next one goes on from there. */
  readonly complete: boolean;
  /** Base first. */
  readonly layers: readonly FolderLayer[];
}

export interface FolderLayer {
  /** 1 is the base. */
  readonly number: number;
  readonly digest: Digest;
  /** Absent for schema 1 until the layer was read. */
  readonly diffId?: Digest;
  /** Bytes of the blob; -1 while unknown. */
  readonly size: number;
  readonly createdBy?: string;
  /** How the blob's bytes are compressed; known once it was read. */
  readonly compression?: Compression;
  /** Relative to the image's folder; absent while the layer is not unpacked. */
  readonly folder?: string;
}

/** The folder is there and holds something else than the image that is to be pulled into it. */
export class FolderTakenError extends Error {
  readonly folder: string;
  /** What is there, where it is a pulled image. */
  readonly holds: ImageFolder | undefined;
  constructor(folder: string, reason: string, holds?: ImageFolder, options?: ErrorOptions) {
    super(`${folder} ${reason}. Nothing in it was changed. Choose another folder, or remove this one first.`, options);
    this.name = 'FolderTakenError';
    this.folder = folder;
    this.holds = holds;
  }
}

/** Somebody else is pulling into the folder. */
export class FolderBusyError extends Error {
  readonly folder: string;
  constructor(folder: string) {
    super(
      `Another window or command is pulling into ${folder} just now. Wait for its end and pull again, or choose another folder.`,
    );
    this.name = 'FolderBusyError';
    this.folder = folder;
  }
}

export const DESCRIPTION = 'peel.json';
/** Held by the pull that is under way. */
export const LOCK = '.peel.lock';
const VERSION = 1;

/**
 * Reads a folder's description. It lies in a workspace and may come from anywhere, so every member is checked.
 * @throws {NoImageFolderError}
 * @throws {DamagedFolderError} all else says that a pull made the folder
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
    throw new NoImageFolderError(folder, `its peel.json is of version ${json.version}, which another Peel made`);
  const described = isObject(json) && json.version === VERSION ? imageFolder(json, folder) : undefined;
  if (described) return described;
  if (await wasPulled(folder)) throw new DamagedFolderError(folder);
  throw new NoImageFolderError(folder, 'its peel.json is damaged, or none of ours');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `undefined` where a member is missing that no image lacks. */
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

/** Whether the folder has the parts that only a pull makes, and that go last but for peel.json when it is removed. */
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
    // The place follows from the number: a text from the file never becomes a path.
    ...(json.folder === undefined ? {} : { folder: layerFolder(at + 1) }),
  };
}

function isCompression(value: unknown): value is Compression {
  return value === 'gzip' || value === 'zstd' || value === 'none';
}

/** Where layer `number` is unpacked, relative to the image's folder. */
export function layerFolder(number: number): string {
  return `layers/${number}`;
}

/** Writes the description, whole or not at all. */
export async function writeImageFolder(image: ImageFolder): Promise<void> {
  const { folder, ...rest } = image;
  await writeWholeFile(join(folder, DESCRIPTION), `${JSON.stringify({ version: VERSION, ...rest }, undefined, 2)}\n`);
}

/** The pulled images right below a folder, by name. Folders whose description is damaged are left out. */
export async function listImageFolders(imagesFolder: string): Promise<ImageFolder[]> {
  const folders = await foldersIn(imagesFolder);
  const images = await Promise.all(folders.map(folder => readImageFolder(folder).catch(() => undefined)));
  return images.filter(image => image !== undefined).sort((a, b) => a.folder.localeCompare(b.folder));
}

/** Those right below a folder that {@link listImageFolders} leaves out. */
export async function listDamagedFolders(imagesFolder: string): Promise<string[]> {
  const folders = await foldersIn(imagesFolder);
  const damaged = await Promise.all(folders.map(isDamagedFolder));
  return folders.filter((_, at) => damaged[at]).sort();
}

/** Whether a pull made the folder, and its description is damaged. */
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

/** Folders that a pull writes into: links among them would lead it out of its own. */
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
 * Makes the folder ours, or goes on in it when it holds the same image already.
 * @returns what is there of the same image
 * @throws {FolderTakenError} it holds something else; nothing in it was changed
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

/** What a pull leaves that ended before it could say what it was. */
function isLeftover(name: string): boolean {
  return name === LOCK || (name.startsWith(`${DESCRIPTION}.`) && name.endsWith('.partial'));
}

async function samePull(wanted: ImageFolder): Promise<ImageFolder> {
  const { folder } = wanted;
  const there = await readImageFolder(folder).catch((error: unknown) => {
    if (error instanceof DamagedFolderError)
      throw new FolderTakenError(folder, 'holds a pulled image whose peel.json is damaged', undefined, {
        cause: error,
      });
    return undefined;
  });
  if (!there) throw new FolderTakenError(folder, 'is not empty and holds no pulled image');
  if (there.digest !== wanted.digest)
    throw new FolderTakenError(
      folder,
      `holds another image already: ${there.reference} (${there.platform}, ${there.digest.slice(0, 19)})`,
      there,
    );
  for (const name of OWN_FOLDERS) {
    const stat = await lstat(join(folder, name)).catch(() => undefined);
    if (stat && !stat.isDirectory()) throw new FolderTakenError(folder, `has a ${name} that is no folder`, there);
  }
  return there;
}
