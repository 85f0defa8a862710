import { InvalidConfigError, type HistoryEntry, type ImageConfig } from './config.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import type { ImageManifest } from './manifest.ts';
import { DOCKER_LAYER } from './mediaTypes.ts';
import type { Schema1Manifest } from './schema1.ts';

/** A layer of an image. */
export interface Layer {
  /** Position in the stack; 1 is the base. */
  readonly number: number;
  /** The compressed blob. */
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar; schema 1 has none. */
  readonly diffId?: Digest;
  /** The command that made it, from the image's history. */
  readonly createdBy?: string;
  /** RFC 3339. */
  readonly created?: string;
}

/**
 * Returns an image's layers, base first, each with its diff ID and the command that made it.
 * A config without diff IDs, which podman accepts, leaves the layers to their own digests.
 * @throws {InvalidConfigError} the numbers of diff IDs and layers differ
 */
export function layersOf(manifest: ImageManifest | Schema1Manifest, config: ImageConfig): Layer[] {
  const descriptors = manifest.kind === 'image' ? manifest.layers : schema1Descriptors(manifest);
  const history = config.history.filter(entry => !entry.emptyLayer);
  const { diffIds } = config;
  if (manifest.kind === 'image' && diffIds.length > 0 && diffIds.length !== descriptors.length) {
    throw new InvalidConfigError(`it has ${diffIds.length} diff IDs for ${descriptors.length} layers`);
  }
  // A history of another length can't be paired, and no command is better than a wrong one.
  const paired = history.length === descriptors.length ? history : [];
  return descriptors.map((descriptor, at) => layer(at + 1, descriptor, diffIds[at], paired[at]));
}

function layer(
  number: number,
  descriptor: Descriptor,
  diffId: Digest | undefined,
  history: HistoryEntry | undefined,
): Layer {
  return {
    number,
    descriptor,
    ...(diffId ? { diffId } : {}),
    ...(history?.createdBy ? { createdBy: history.createdBy } : {}),
    ...(history?.created ? { created: history.created } : {}),
  };
}

/**
 * Schema 1 states neither size nor type. The size is asked for later; the bytes show their
 * compression.
 */
function schema1Descriptors(manifest: Schema1Manifest): Descriptor[] {
  return manifest.history
    .filter(step => !step.empty)
    .map(step => ({ mediaType: DOCKER_LAYER, digest: step.blobSum, size: -1 }));
}
