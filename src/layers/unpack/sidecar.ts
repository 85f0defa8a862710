import { readFileSync } from 'node:fs';
import { writeWholeFileSync } from '../../blobs/wholeFile.ts';
import { decodeName, hasRawBytes, nameBytes } from '../tar/byteName.ts';

/**
 * `layers/N.json`, the file next to an unpacked layer. It records what the disk does not show,
 * because the user who unpacked the layer may not set it, or Node.js cannot.
 *
 *     {"version":1,
 *      "entries":[{"path":"usr/bin/ping","uid":0,"gid":0,"mode":493,
 *        "xattrs":{"security.capability":"AQAAAg…"}}, …],
 *      "opaque":["var/cache"],
 *      "unmarked":["var/cache"],
 *      "implicit":["etc"],
 *      "whiteouts":["etc/old"],
 *      "links":[{"path":"a","target":"b/c","uid":0,"gid":0,"mode":420}],
 *      "diverted":[{"path":"Foo","as":"Foo~2"}]}
 *
 * - `entries`: what differs on disk from the layer: owner, mode, missing attributes, or the whole
 *   file. `path` is relative to the layer's folder, '' is the folder itself. `type` is absent for
 *   files and directories. It is 'symlink' (change its owner with `chown -h`, never its mode),
 *   'fifo' (on disk where the system allowed it), or 'char' or 'block', which are NOT on disk
 *   (`devMajor`, `devMinor` and `mtime` describe the device; a whiteout in its place is replaced).
 *   A 'char' 0/0 is a whiteout that could not be made. `xattrs` holds values in base64. Changing an
 *   owner clears setuid and capabilities, so set the owner first, then the mode, then xattrs.
 * - `opaque`: directories that hide what lower layers have in them. `unmarked`: those of them that
 *   could not be marked on disk. `implicit`: directories that the layer does not describe.
 *   `whiteouts`: paths that the layer deletes.
 * - `links`: hard links to files of lower layers. With `late`, the link was made to a file that
 *   came later in the same layer, which counts only if lower layers do not have the target. With
 *   `deleted`, the layer deletes the target, so that the link leads nowhere.
 * - `diverted`: names that this file system could not hold.
 * - A path with bytes that are not UTF-8 has these bytes in base64 in a second field, `pathBytes`
 *   (`targetBytes`, `asBytes`).
 *
 * {@link fixAcrossLayers} works off `unmarked`, `implicit`, `links` and `whiteouts`, and removes
 * them.
 */
export interface Sidecar {
  readonly version: 1;
  readonly entries: readonly SidecarEntry[];
  readonly opaque: readonly string[];
  readonly unmarked: readonly string[];
  readonly implicit: readonly string[];
  readonly whiteouts: readonly string[];
  readonly links: readonly SidecarLink[];
  readonly diverted: readonly { readonly path: string; readonly as: string }[];
}

/** What a layer says of an entry and the disk does not. */
export interface SidecarFacts {
  readonly uid: number;
  readonly gid: number;
  /** All twelve bits, as a number. */
  readonly mode: number;
  readonly type?: 'symlink' | 'fifo' | 'char' | 'block';
  readonly devMajor?: number;
  readonly devMinor?: number;
  /** Seconds; for devices alone, whose times no file on disk keeps. */
  readonly mtime?: number;
  /** Values in base64. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

export interface SidecarEntry extends SidecarFacts {
  readonly path: string;
}

export interface SidecarLink extends SidecarFacts {
  readonly path: string;
  readonly target: string;
  readonly late?: true;
  readonly deleted?: true;
}

/** The file next to a layer is not what Peel writes there. */
export class InvalidSidecarError extends Error {
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`${file} is damaged: it does not describe an unpacked layer. Pull the image again.`, options);
    this.name = 'InvalidSidecarError';
    this.file = file;
  }
}

/** A sidecar to write, whose entries may be generated on demand. */
export type SidecarContent = Partial<Omit<Sidecar, 'version' | 'entries'>> & {
  readonly entries: Iterable<SidecarEntry>;
};

/** Writes a sidecar atomically, replacing an older one. */
export function writeSidecar(file: string, sidecar: SidecarContent): void {
  writeWholeFileSync(file, sidecarText(sidecar));
}

/** Reads a sidecar. @throws {InvalidSidecarError}, or the system's error if it is missing */
export function readSidecar(file: string): Sidecar {
  return parseSidecar(file, readFileSync(file, 'utf8'));
}

/**
 * Parses a sidecar's text. Every path is checked to stay inside the layer by its names alone;
 * symbolic links on the way are the caller's business.
 * @throws {InvalidSidecarError}
 */
export function parseSidecar(file: string, text: string): Sidecar {
  try {
    const json = asObject(JSON.parse(text));
    if (json['version'] !== 1) throw new TypeError('unknown version');
    return {
      version: 1,
      entries: asList(json['entries']).map(value => ({ path: name(value, 'path'), ...facts(value) })),
      opaque: paths(json['opaque']),
      unmarked: paths(json['unmarked']),
      implicit: paths(json['implicit']),
      whiteouts: paths(json['whiteouts']),
      links: asList(json['links'] ?? []).map(value => ({
        path: name(value, 'path'),
        target: name(value, 'target'),
        ...(value['late'] === true ? { late: true } : {}),
        ...(value['deleted'] === true ? { deleted: true } : {}),
        ...facts(value),
      })),
      diverted: asList(json['diverted'] ?? []).map(value => ({ path: name(value, 'path'), as: name(value, 'as') })),
    };
  } catch (error) {
    throw new InvalidSidecarError(file, { cause: error });
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not an object');
  return { ...value };
}

function asList(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value.map(asObject);
}

function paths(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value.map(insidePath);
}

function name(value: JsonObject, key: 'path' | 'target' | 'as'): string {
  const bytes = value[`${key}Bytes`];
  return insidePath(typeof bytes === 'string' ? decodeName(Buffer.from(bytes, 'base64')) : value[key]);
}

function insidePath(value: unknown): string {
  if (typeof value !== 'string' || value.includes('\0') || value.startsWith('/')) throw new TypeError('not a path');
  const names = value.split('/').filter(part => part !== '' && part !== '.');
  if (names.includes('..')) throw new TypeError('a path out of the layer');
  return names.join('/');
}

const TYPES = ['symlink', 'fifo', 'char', 'block'] as const;

function facts(value: JsonObject): SidecarFacts {
  const { type, mtime, xattrs } = value;
  const known = TYPES.find(known => known === type);
  if (type !== undefined && known === undefined) throw new TypeError('unknown type');
  if (mtime !== undefined && typeof mtime !== 'number') throw new TypeError('not a time');
  const isDevice = known === 'char' || known === 'block';
  return {
    uid: integer(value['uid']),
    gid: integer(value['gid']),
    mode: integer(value['mode']),
    ...(known ? { type: known } : {}),
    ...(isDevice ? { devMajor: integer(value['devMajor']), devMinor: integer(value['devMinor']) } : {}),
    ...(mtime === undefined ? {} : { mtime }),
    ...(xattrs === undefined ? {} : { xattrs: Object.fromEntries(Object.entries(asObject(xattrs)).map(textOnly)) }),
  };
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('not an integer');
  return value;
}

function textOnly([key, value]: [string, unknown]): [string, string] {
  if (typeof value !== 'string') throw new TypeError('not a string');
  return [key, value];
}

function* sidecarText(sidecar: SidecarContent): Generator<string> {
  yield '{"version":1,\n"entries":[';
  yield* lines(sidecar.entries);
  yield ']';
  for (const key of ['opaque', 'unmarked', 'implicit', 'whiteouts', 'links', 'diverted'] as const) {
    const list = sidecar[key];
    if (!list || list.length === 0) continue;
    yield `,\n"${key}":[`;
    yield* lines(list);
    yield ']';
  }
  yield '}\n';
}

function* lines(values: Iterable<object | string>): Generator<string> {
  let separator = '\n';
  for (const value of values) {
    yield separator + JSON.stringify(typeof value === 'string' ? value : withBytes(value));
    separator = ',\n';
  }
}

/** Adds the bytes of names that are not UTF-8. */
function withBytes(value: object): object {
  const bytes = Object.entries(value)
    .filter(([key, name]) => ['path', 'target', 'as'].includes(key) && typeof name === 'string' && hasRawBytes(name))
    .map(([key, name]) => [`${key}Bytes`, nameBytes(String(name)).toString('base64')] as const);
  return bytes.length > 0 ? { ...value, ...Object.fromEntries(bytes) } : value;
}
