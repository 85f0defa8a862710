import { isDigest, type Digest } from './digest.ts';
import { asObjects, asString, asStringMap, asStrings, isObject, type JsonObject } from './json.ts';
import type { ImageManifest } from './manifest.ts';
import { bareMediaType, DOCKER_CONFIG, OCI_CONFIG } from './mediaTypes.ts';
import type { Platform } from './platform.ts';

/** The parts of an image's config that Peel shows or uses (image-spec, config.md). */
export interface ImageConfig {
  readonly platform: Platform;
  readonly created?: string;
  readonly author?: string;
  /**
   * Digests of the uncompressed layers, base first; empty for schema 1 until the layers have been
   * read.
   */
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
  /** The step changed no files and has no layer. */
  readonly emptyLayer: boolean;
}

/** The blob that a manifest names as its config isn't an image config. */
export class InvalidConfigError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The image's config cannot be used: ${reason}`, options);
    this.name = 'InvalidConfigError';
  }
}

/**
 * Returns whether a manifest is an image's; otherwise it is an artifact's. The config's type
 * decides: images may have an `artifactType` too. Schema 2 from before 2016 has octet-stream.
 */
export function isImage({ config, artifactType }: Pick<ImageManifest, 'config' | 'artifactType'>): boolean {
  const type = bareMediaType(config.mediaType);
  if (type === OCI_CONFIG || type === DOCKER_CONFIG) return true;
  return artifactType === undefined && (type === '' || type === 'application/octet-stream');
}

/**
 * Reads the config's bytes.
 * @throws {InvalidConfigError} not a JSON object, or a diff ID that cannot be checked
 */
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

/** Reads a config that is already an object, such as one built from schema 1. */
export function configFrom(json: JsonObject): ImageConfig {
  const run = isObject(json.config) ? json.config : {};
  const rootfs = isObject(json.rootfs) ? json.rootfs : {};
  const diffIds = (Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids : []).map(id => {
    if (!isDigest(id))
      throw new InvalidConfigError(`"${String(id).slice(0, 100)}" isn't a diff ID that can be verified`);
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

/** Returns an object with the member `name`, or an empty one if `value` isn't a string. */
function optional<Name extends string>(name: Name, value: unknown): Partial<Record<Name, string>> {
  const found: Partial<Record<string, string>> = {};
  const text = asString(value);
  if (text !== undefined) found[name] = text;
  return found;
}
