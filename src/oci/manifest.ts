import type { Descriptor } from './descriptor.ts';
import { isDigest } from './digest.ts';
import { asObjects, asString, asStringMap, asStrings, isObject, type JsonObject } from './json.ts';
import {
  bareMediaType,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  OCI_INDEX,
  OCI_MANIFEST,
} from './mediaTypes.ts';
import type { Platform } from './platform.ts';
import { parseSchema1, type Schema1Manifest } from './schema1.ts';

/** An image index or manifest list: an image for several platforms (image-spec, image-index.md). */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  /** The usable entries; a missing or invalid size is -1. */
  readonly manifests: readonly Descriptor[];
  /** Why the first unusable entry was left out. */
  readonly unusable?: InvalidManifestError;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/**
 * An image or artifact as OCI and Docker schema 2 describe it (image-spec, manifest.md); `layers`
 * is base first.
 */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

export type Manifest = Index | ImageManifest | Schema1Manifest;

/** The document isn't a manifest that can be trusted or understood. */
export class InvalidManifestError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The registry's answer isn't a usable manifest: ${reason}`, options);
    this.name = 'InvalidManifestError';
  }
}

/**
 * Reads a manifest of any kind. The body decides the kind, and the Content-Type only where the body
 * doesn't say, since many registries send a wrong one.
 * @param bytes the document as received, not re-serialised
 * @throws {InvalidManifestError} not JSON, ambiguous (both an index and an image, CVE-2021-41190),
 * or with members missing
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Manifest {
  const json = parseObject(bytes);
  const kind = kindOf(json, contentType);
  if (kind === 'schema1') return wrapErrors(() => parseSchema1(json));
  if (kind === 'index') return parseIndex(json, contentType);
  return parseImage(json, contentType);
}

function parseObject(bytes: Uint8Array): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new InvalidManifestError('it is not JSON', { cause });
  }
  if (!isObject(json)) throw new InvalidManifestError('it is not a JSON object');
  return json;
}

function kindOf(json: JsonObject, contentType: string | undefined): Manifest['kind'] {
  const isIndex = 'manifests' in json;
  const isImage = 'layers' in json || 'config' in json;
  const isSchema1 = 'fsLayers' in json;
  if (Number(isIndex) + Number(isImage) + Number(isSchema1) > 1) {
    throw new InvalidManifestError(
      'it is ambiguous: it has the members of more than one kind of manifest (CVE-2021-41190)',
    );
  }
  const said = KINDS[bareMediaType(asString(json.mediaType))];
  const found: Manifest['kind'] | undefined = isIndex
    ? 'index'
    : isImage
      ? 'image'
      : isSchema1 || json.schemaVersion === 1
        ? 'schema1'
        : undefined;
  if (said && found && said !== found)
    throw new InvalidManifestError(`it calls itself ${String(json.mediaType)} but has the members of another kind`);
  const kind = said ?? found ?? KINDS[bareMediaType(contentType)];
  if (!kind) throw new InvalidManifestError('it has neither layers nor manifests');
  return kind;
}

const KINDS: Readonly<Record<string, Manifest['kind']>> = {
  [OCI_INDEX]: 'index',
  [DOCKER_INDEX]: 'index',
  [OCI_MANIFEST]: 'image',
  [DOCKER_MANIFEST]: 'image',
  [DOCKER_SCHEMA1]: 'schema1',
  [DOCKER_SCHEMA1_SIGNED]: 'schema1',
};

function parseIndex(json: JsonObject, contentType: string | undefined): Index {
  if (json.manifests !== null && json.manifests !== undefined && !Array.isArray(json.manifests))
    throw new InvalidManifestError('"manifests" is not a list');
  const manifests: Descriptor[] = [];
  let unusable: InvalidManifestError | undefined;
  for (const entry of asObjects(json.manifests)) {
    if (isDigest(entry.digest)) manifests.push(descriptor(entry));
    else unusable ??= unverifiable(entry.digest);
  }
  return {
    kind: 'index',
    mediaType: typeOf(json, contentType, OCI_INDEX),
    manifests,
    ...(unusable ? { unusable } : {}),
    ...common(json),
  };
}

function parseImage(json: JsonObject, contentType: string | undefined): ImageManifest {
  if (!isObject(json.config)) throw new InvalidManifestError('it names no config');
  if (json.layers !== null && json.layers !== undefined && !Array.isArray(json.layers))
    throw new InvalidManifestError('"layers" is not a list');
  const config = descriptor(json.config);
  const fallback = /docker/.test(config.mediaType) ? DOCKER_MANIFEST : OCI_MANIFEST;
  return {
    kind: 'image',
    mediaType: typeOf(json, contentType, fallback),
    config,
    layers: asObjects(json.layers).map(layer => descriptor(layer)),
    ...common(json),
  };
}

function typeOf(json: JsonObject, contentType: string | undefined, fallback: string): string {
  const sent = bareMediaType(contentType);
  return bareMediaType(asString(json.mediaType)) || (KINDS[sent] ? sent : fallback);
}

function common(json: JsonObject): Pick<ImageManifest, 'annotations' | 'subject' | 'artifactType'> {
  const artifactType = asString(json.artifactType);
  // An odd subject only keeps the document from being listed with it.
  const subject = isObject(json.subject) && isDigest(json.subject.digest) ? descriptor(json.subject) : undefined;
  return {
    annotations: asStringMap(json.annotations),
    ...(subject ? { subject } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/**
 * Reads a descriptor. Its size is -1 if missing, invalid or 0: some tools write no sizes, and
 * skopeo and podman read their images.
 * @throws {InvalidManifestError} its digest can't be used
 */
export function descriptor(json: JsonObject): Descriptor {
  const { digest } = json;
  if (!isDigest(digest)) throw unverifiable(digest);
  const annotations = asStringMap(json.annotations);
  const urls = asStrings(json.urls);
  const data = asString(json.data);
  const artifactType = asString(json.artifactType);
  const platform = isObject(json.platform) ? platformFrom(json.platform) : undefined;
  return {
    mediaType: asString(json.mediaType) ?? '',
    digest,
    size: isSize(json.size) ? json.size : -1,
    ...(Object.keys(annotations).length ? { annotations } : {}),
    ...(urls.length ? { urls } : {}),
    ...(data ? { data } : {}),
    ...(artifactType ? { artifactType } : {}),
    ...(platform ? { platform } : {}),
  };
}

function isSize(size: unknown): size is number {
  return typeof size === 'number' && Number.isSafeInteger(size) && size > 0;
}

function unverifiable(digest: unknown): InvalidManifestError {
  return new InvalidManifestError(
    `it points to "${String(digest).slice(0, 100)}", which isn't a digest Peel can verify`,
  );
}

function platformFrom(json: JsonObject): Platform {
  const variant = asString(json.variant);
  const version = asString(json['os.version']);
  const features = asStrings(json['os.features']);
  return {
    os: asString(json.os) ?? 'unknown',
    architecture: asString(json.architecture) ?? 'unknown',
    ...(variant ? { variant } : {}),
    ...(version ? { 'os.version': version } : {}),
    ...(features.length ? { 'os.features': features } : {}),
  };
}

function wrapErrors<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new InvalidManifestError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
