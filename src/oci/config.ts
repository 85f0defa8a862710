import { isDigest, type Digest } from './digest.ts';
import { asObjects, asString, asStringMap, asStrings, isObject, type JsonObject } from './json.ts';
import { DOCKER_CONFIG, OCI_CONFIG } from './mediaTypes.ts';
import type { Platform } from './platform.ts';

/** What an image says of itself (image-spec, config.md), as far as Peel shows or uses it. */
export interface ImageConfig {
  readonly platform: Platform;
  readonly created?: string;
  readonly author?: string;
  /** Digests over the uncompressed layers, base first; empty for schema 1 until the layers were read. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly user?: string;
  readonly stopSignal?: string;
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  /** The step changed no file and has no layer. */
  readonly emptyLayer: boolean;
}

/** The blob that a manifest names as its config is no image config. */
export class InvalidConfigError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The image's config cannot be used: ${reason}`, options);
    this.name = 'InvalidConfigError';
  }
}

/** True for the config media types of images; anything else is an artifact. Schema 2 from before 2016 said octet-stream. */
export function isImageConfig(mediaType: string): boolean {
  return (
    mediaType === OCI_CONFIG ||
    mediaType === DOCKER_CONFIG ||
    mediaType === 'application/octet-stream' ||
    mediaType === ''
  );
}

/** Reads the config's bytes. @throws {InvalidConfigError} not a JSON object, or a diff ID that cannot be checked */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidConfigError('it is not JSON', { cause });
  }
  if (!isObject(json)) throw new InvalidConfigError('it is not a JSON object');
  return configFrom(json);
}

/** The same for a config that is already an object, as one built from schema 1 is. */
export function configFrom(json: JsonObject): ImageConfig {
  const run = isObject(json.config) ? json.config : {};
  const rootfs = isObject(json.rootfs) ? json.rootfs : {};
  const diffIds = (Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids : []).map(id => {
    if (!isDigest(id)) throw new InvalidConfigError(`"${String(id).slice(0, 100)}" is no diff ID that can be checked`);
    return id;
  });
  return {
    platform: platformFrom(json),
    diffIds,
    history: asObjects(json.history).map(historyEntry),
    env: asStrings(run.Env),
    entrypoint: asStrings(run.Entrypoint),
    command: asStrings(run.Cmd),
    exposedPorts: isObject(run.ExposedPorts) ? Object.keys(run.ExposedPorts) : [],
    volumes: isObject(run.Volumes) ? Object.keys(run.Volumes) : [],
    labels: asStringMap(run.Labels),
    ...optional('created', json.created),
    ...optional('author', json.author),
    ...optional('workingDir', run.WorkingDir),
    ...optional('user', run.User),
    ...optional('stopSignal', run.StopSignal),
  };
}

function platformFrom(json: JsonObject): Platform {
  return {
    os: asString(json.os) ?? 'linux',
    architecture: asString(json.architecture) ?? 'unknown',
    ...optional('variant', json.variant),
    ...optional('os.version', json['os.version']),
  };
}

function historyEntry(json: JsonObject): HistoryEntry {
  return {
    emptyLayer: json.empty_layer === true,
    ...optional('created', json.created),
    ...optional('createdBy', json.created_by),
    ...optional('comment', json.comment),
  };
}

/** The member where there is a text for it, nothing where there is none. */
function optional<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const found: Partial<Record<string, string>> = {};
  const text = asString(value);
  if (text !== undefined) found[name] = text;
  return found;
}
