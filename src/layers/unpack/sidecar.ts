import { readFileSync } from 'node:fs';
import { writeWholeFileSync } from '../../blobs/wholeFile.ts';
import { hasRawBytes, nameBytes } from '../tar/byteName.ts';

/**
 * The file beside an unpacked layer, `layers/N.json`, that says what the disk does not: what the user who unpacked may not set, or Node.js cannot.
 *
 *     {"version":1,
 *      "entries":[{"path":"usr/bin/ping","uid":0,"gid":0,"mode":493,"xattrs":{"security.capability":"AQAAAg…"}}, …],
 *      "opaque":["var/cache"],
 *      "unmarked":["var/cache"],
 *      "implicit":["etc"],
 *      "whiteouts":["etc/old"],
 *      "links":[{"path":"a","target":"b/c","uid":0,"gid":0,"mode":420}],
 *      "diverted":[{"path":"Foo","as":"Foo~2"}]}
 *
 * - `entries`: what differs on disk from what the layer says, by the owner, the mode, missing attributes, or by being absent. `path` is relative to the layer's folder, '' is the
 *   folder itself. `type` is there for all but files and directories: 'symlink' (change its owner with `chown -h`, never its mode), 'fifo' (on disk where the system let it be
 *   made), or 'char', 'block', which are NOT on disk (devices with `devMajor`, `devMinor` and `mtime`; where a whiteout, a device 0/0, stands in its place, it is replaced). A 'char' 0/0 is a whiteout that
 *   could not be made. `xattrs` holds values in base64. Setting an owner clears setuid and capabilities: owner first, then mode, then xattrs.
 * - `opaque`: directories that hide what the layers below have in them; `unmarked`: those of them that could not be given the mark for it. `implicit`: directories that the layer does not describe.
 * - `links`: hardlinks to files of lower layers. `diverted`: names that this file system could not hold.
 *   `whiteouts`: paths that the layer deletes. `unmarked`, `implicit`, `links` and `whiteouts` are worked off by {@link finishLayers}, and then gone.
 * - A path with bytes that are no UTF-8 has these bytes in base64 in a second field, `pathBytes` (`targetBytes`, `asBytes`).
 */
export interface Sidecar {
  readonly version: 1;
  readonly entries: readonly SidecarEntry[];
  readonly opaque?: readonly string[];
  readonly unmarked?: readonly string[];
  readonly implicit?: readonly string[];
  readonly whiteouts?: readonly string[];
  readonly links?: readonly SidecarLink[];
  readonly diverted?: readonly { readonly path: string; readonly as: string }[];
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
}

/** The file beside a layer is not what Peel writes there. */
export class InvalidSidecarError extends Error {
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(`${file} is damaged: it does not describe an unpacked layer. Pull the image again.`, options);
    this.name = 'InvalidSidecarError';
    this.file = file;
  }
}

/** A sidecar that is to be written: entries may be made as they are needed. */
export type SidecarContent = Omit<Sidecar, 'version' | 'entries'> & { readonly entries: Iterable<SidecarEntry> };

/** Writes a sidecar whole or not at all. An older one is replaced. */
export function writeSidecar(file: string, sidecar: SidecarContent): void {
  writeWholeFileSync(file, sidecarText(sidecar));
}

/** Reads a sidecar. @throws {InvalidSidecarError}, or the system's error when there is none */
export function readSidecar(file: string): Sidecar {
  const text = readFileSync(file, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidSidecarError(file, { cause: error });
  }
  if (!isSidecar(value)) throw new InvalidSidecarError(file);
  return value;
}

function isSidecar(value: unknown): value is Sidecar {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('entries' in value)) return false;
  return value.version === 1 && Array.isArray(value.entries);
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

/** Adds the bytes of names that are no text. */
function withBytes(value: object): object {
  const bytes = Object.entries(value)
    .filter(([key, name]) => ['path', 'target', 'as'].includes(key) && typeof name === 'string' && hasRawBytes(name))
    .map(([key, name]) => [`${key}Bytes`, nameBytes(String(name)).toString('base64')] as const);
  return bytes.length > 0 ? { ...value, ...Object.fromEntries(bytes) } : value;
}
