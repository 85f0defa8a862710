import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeWhole } from '../blobs/store.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestAlgorithm, digestHex, type Digest } from '../oci/digest.ts';
import {
  isForeignLayer,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '../oci/mediaTypes.ts';
import { configOfSchema1 } from '../oci/schema1.ts';
import type { LayerResult } from './layerJob.ts';
import type { ResolvedImage } from './resolveImage.ts';

/**
 * Writes an image folder's OCI layout (image-spec, image-layout.md) around the layer blobs that are in it already: what skopeo, crane, umoci and podman read. An OCI manifest goes in as it came; Docker's
 * schemas 1 and 2, which a layout may not hold, are turned into OCI with the same config and the same layer blobs.
 * @param results one for each layer, base first, all unpacked
 */
export async function writeOciLayout(
  folder: string,
  image: ResolvedImage,
  results: readonly LayerResult[],
): Promise<void> {
  const config = configBytes(image, results);
  const configDigest = image.manifest.kind === 'image' ? image.manifest.config.digest : sha256(config);
  await put(folder, configDigest, config);
  const manifest = isOci(image)
    ? Buffer.from(image.manifestBytes)
    : convert(image, results, configDigest, config.length);
  const manifestDigest = isOci(image) ? image.manifestDigest : sha256(manifest);
  await put(folder, manifestDigest, manifest);
  await writeIndex(folder, image, manifestDigest, manifest.length);
}

function isOci(image: ResolvedImage): boolean {
  return image.manifest.kind === 'image' && image.manifest.mediaType === OCI_MANIFEST;
}

function configBytes(image: ResolvedImage, results: readonly LayerResult[]): Buffer {
  if (image.manifest.kind === 'image') return Buffer.from(image.configBytes);
  const diffIds = results.map(({ unpacked }) => unpacked?.diffId).filter(id => id !== undefined);
  return Buffer.from(JSON.stringify(configOfSchema1(image.manifest, diffIds)));
}

function convert(
  image: ResolvedImage,
  results: readonly LayerResult[],
  configDigest: Digest,
  configSize: number,
): Buffer {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: configDigest, size: configSize },
    layers: image.layers.map(({ descriptor }, at) => ociLayer(descriptor, results[at])),
    ...(image.manifest.kind === 'image' && Object.keys(image.manifest.annotations).length
      ? { annotations: image.manifest.annotations }
      : {}),
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** The media type tells what the bytes are, not what the registry called them. */
function ociLayer(descriptor: Descriptor, result: LayerResult | undefined): Descriptor {
  const types = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER };
  const mediaType = types[result?.unpacked?.compression ?? 'gzip'];
  const { annotations } = descriptor;
  return {
    mediaType: isForeignLayer(descriptor.mediaType)
      ? mediaType.replace('image.layer.', 'image.layer.nondistributable.')
      : mediaType,
    digest: descriptor.digest,
    size: result?.size ?? descriptor.size,
    ...(descriptor.urls ? { urls: descriptor.urls } : {}),
    ...(annotations ? { annotations } : {}),
  };
}

async function writeIndex(folder: string, image: ResolvedImage, digest: Digest, size: number): Promise<void> {
  const { os, architecture, variant } = image.platform;
  const name = image.reference.tag;
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      {
        mediaType: OCI_MANIFEST,
        digest,
        size,
        platform: { os, architecture, ...(variant ? { variant } : {}) },
        ...(name ? { annotations: { 'org.opencontainers.image.ref.name': name } } : {}),
      },
    ],
  };
  await writeWhole(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}\n');
  await writeWhole(join(folder, 'index.json'), `${JSON.stringify(index)}\n`);
}

async function put(folder: string, digest: Digest, bytes: Uint8Array): Promise<void> {
  await writeWhole(blobPath(folder, digest), bytes);
}

/** Where a layout keeps a blob. */
export function blobPath(folder: string, digest: Digest): string {
  return join(folder, 'blobs', digestAlgorithm(digest), digestHex(digest));
}

function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
