import { parseDigest, type Digest } from './digest.ts';
import { asObjects, asString, isObject, type JsonObject } from './json.ts';
import { DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED } from './mediaTypes.ts';

/**
 * Docker's old manifest, without config and sizes, in the order base first (distribution,
 * manifest-v2-1).
 */
export interface Schema1Manifest {
  readonly kind: 'schema1';
  readonly mediaType: string;
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  /** Base first. */
  readonly history: readonly Schema1Step[];
}

export interface Schema1Step {
  readonly blobSum: Digest;
  /** The step's `v1Compatibility`: an early form of the image config. */
  readonly v1: JsonObject;
  /** The step changed no files: its blob is the empty archive, which isn't a layer. */
  readonly empty: boolean;
}

/** Docker's blob for every step without files: a gzip of 1,024 NULs. */
export const EMPTY_LAYER: Digest = 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';

/** Reads a schema 1 manifest. @throws Error with the reason if its two lists don't pair */
export function parseSchema1(json: JsonObject): Schema1Manifest {
  const blobs = asObjects(json.fsLayers).map(layer => parseDigest(layer.blobSum));
  const history = asObjects(json.history).map(item => parseV1(item.v1Compatibility));
  if (blobs.length === 0) throw new Error('its fsLayers are missing');
  if (blobs.length !== history.length)
    throw new Error(`it has ${blobs.length} fsLayers but ${history.length} history entries`);
  const steps = blobs.map((blobSum, at) => {
    const v1 = history[at] ?? {};
    return { blobSum, v1, empty: v1.throwaway === true || blobSum === EMPTY_LAYER };
  });
  return {
    kind: 'schema1',
    mediaType: Array.isArray(json.signatures) ? DOCKER_SCHEMA1_SIGNED : DOCKER_SCHEMA1,
    name: asString(json.name) ?? '',
    tag: asString(json.tag) ?? '',
    architecture: asString(json.architecture) ?? 'amd64',
    history: withoutRepeats(steps).reverse(),
  };
}

function parseV1(text: unknown): JsonObject {
  const v1: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
  if (!isObject(v1)) throw new Error('a history entry is not a JSON object');
  return v1;
}

/**
 * Old Docker versions repeated steps; engines drop the second (distribution, schema1
 * fixManifestLayers).
 */
function withoutRepeats(steps: readonly Schema1Step[]): Schema1Step[] {
  return steps.filter((step, at) => at === 0 || step.v1.id === undefined || step.v1.id !== steps[at - 1]?.v1.id);
}

/** Members of `v1Compatibility` that don't belong into an image config. */
const V1_ONLY = new Set([
  'id',
  'parent',
  'parent_id',
  'layer_id',
  'throwaway',
  'Size',
  'size',
  'container',
  'container_config',
  'docker_version',
  'checksum',
]);

/**
 * Builds the image config that schema 1 lacks, from its newest step.
 * @param diffIds one per layer, base first; absent until the layers have been read
 */
export function configOfSchema1(manifest: Schema1Manifest, diffIds?: readonly Digest[]): JsonObject {
  const newest = manifest.history.at(-1)?.v1 ?? {};
  const kept = Object.fromEntries(Object.entries(newest).filter(([name]) => !V1_ONLY.has(name)));
  return {
    ...kept,
    architecture: asString(newest.architecture) ?? manifest.architecture,
    os: asString(newest.os) ?? 'linux',
    history: manifest.history.map(step => historyOf(step)),
    rootfs: { type: 'layers', diff_ids: diffIds ?? [] },
  };
}

function historyOf({ v1, empty }: Schema1Step): JsonObject {
  const created = asString(v1.created);
  const comment = asString(v1.comment);
  const author = asString(v1.author);
  const createdBy = commandOf(v1);
  return {
    ...(created ? { created } : {}),
    ...(createdBy ? { created_by: createdBy } : {}),
    ...(author ? { author } : {}),
    ...(comment ? { comment } : {}),
    ...(empty ? { empty_layer: true } : {}),
  };
}

function commandOf(v1: JsonObject): string | undefined {
  const command = isObject(v1.container_config) ? v1.container_config.Cmd : undefined;
  return Array.isArray(command) ? command.filter(word => typeof word === 'string').join(' ') : undefined;
}
