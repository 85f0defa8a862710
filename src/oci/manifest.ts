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

/** An image index or manifest list: one image for several platforms (image-spec, image-index.md). */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

/** One image, or one artifact, as OCI and Docker schema 2 write it (image-spec, manifest.md). `layers` is base first. */
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

/** The document is no manifest that can be trusted or understood; the message says why. */
export class InvalidManifestError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The registry's answer is no usable manifest: ${reason}`, options);
    this.name = 'InvalidManifestError';
  }
}

/**
 * Reads a manifest of any kind. The body decides what it is, the Content-Type only where the body is silent, for many registries send nonsense in it.
 * @param bytes the document as it came, not re-serialised
 * @throws {InvalidManifestError} not JSON, ambiguous (both an index and an image, CVE-2021-41190), or with members missing
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
    throw new InvalidManifestError('"manifests" is no list');
  const manifests = asObjects(json.manifests).map(descriptor);
  return { kind: 'index', mediaType: typeOf(json, contentType, OCI_INDEX), manifests, ...common(json) };
}

function parseImage(json: JsonObject, contentType: string | undefined): ImageManifest {
  if (!isObject(json.config)) throw new InvalidManifestError('it names no config');
  if (json.layers !== null && json.layers !== undefined && !Array.isArray(json.layers))
    throw new InvalidManifestError('"layers" is no list');
  const config = descriptor(json.config);
  const fallback = /docker/.test(config.mediaType) ? DOCKER_MANIFEST : OCI_MANIFEST;
  return {
    kind: 'image',
    mediaType: typeOf(json, contentType, fallback),
    config,
    layers: asObjects(json.layers).map(descriptor),
    ...common(json),
  };
}

function typeOf(json: JsonObject, contentType: string | undefined, fallback: string): string {
  const sent = bareMediaType(contentType);
  return bareMediaType(asString(json.mediaType)) || (KINDS[sent] ? sent : fallback);
}

function common(json: JsonObject): Pick<ImageManifest, 'annotations' | 'subject' | 'artifactType'> {
  const artifactType = asString(json.artifactType);
  return {
    annotations: asStringMap(json.annotations),
    ...(isObject(json.subject) ? { subject: descriptor(json.subject) } : {}),
    ...(artifactType ? { artifactType } : {}),
  };
}

/** Reads one descriptor. @throws {InvalidManifestError} its digest cannot be checked or its size is no size */
export function descriptor(json: JsonObject): Descriptor {
  const { digest, size } = json;
  if (!isDigest(digest))
    throw new InvalidManifestError(
      `it points to "${String(digest).slice(0, 100)}", which is no digest that can be checked`,
    );
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new InvalidManifestError(`the size of ${digest} is "${String(size).slice(0, 40)}"`);
  const annotations = asStringMap(json.annotations);
  const urls = asStrings(json.urls);
  const data = asString(json.data);
  const artifactType = asString(json.artifactType);
  const platform = isObject(json.platform) ? platformFrom(json.platform) : undefined;
  return {
    mediaType: asString(json.mediaType) ?? '',
    digest,
    size,
    ...(Object.keys(annotations).length ? { annotations } : {}),
    ...(urls.length ? { urls } : {}),
    ...(data ? { data } : {}),
    ...(artifactType ? { artifactType } : {}),
    ...(platform ? { platform } : {}),
  };
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
