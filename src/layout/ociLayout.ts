import { layoutBlob, LAYOUT_MARKER } from '../oci/layoutPaths.ts';
import { contentDigest } from '../oci/contentDigest.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWholeFile } from '../blobs/wholeFile.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest } from '../oci/digest.ts';
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
import type { Compression } from '../oci/compression.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** What reading a layer's bytes reveals. */
export interface ReadLayer {
  /** Bytes of the blob. */
  readonly size: number;
  /** Needed for Docker's schemas only. */
  readonly diffId?: Digest;
  readonly compression?: Compression;
}

/** A document of a layout, by its path in it. */
export interface LayoutDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Returns an image's OCI layout except for the layer blobs (image-spec, image-layout.md), the index
 * last. An OCI manifest is kept as it came. Docker's schemas 1 and 2, which a layout may not hold,
 * become OCI manifests of the same config and layer blobs.
 * @param layers one for each layer, base first
 */
export function layoutDocuments(image: ResolvedImage, layers: readonly ReadLayer[]): readonly LayoutDocument[] {
  const config = configDocument(image, layers);
  const configDigest = image.manifest.kind === 'image' ? image.manifest.config.digest : contentDigest(config);
  const manifest = isOci(image) ? image.manifestBytes : convert(image, layers, configDigest, config.length);
  const manifestDigest = isOci(image) ? image.manifestDigest : contentDigest(manifest);
  return [
    { name: layoutBlob(configDigest), bytes: config },
    { name: layoutBlob(manifestDigest), bytes: manifest },
    { name: 'oci-layout', bytes: Buffer.from(`${LAYOUT_MARKER}\n`) },
    { name: 'index.json', bytes: indexDocument(image, manifestDigest, manifest.length) },
  ];
}

/** Completes the OCI layout of an image folder, around the layer blobs that are in it already. */
export async function writeOciLayout(
  folder: string,
  image: ResolvedImage,
  layers: readonly ReadLayer[],
): Promise<void> {
  for (const { name, bytes } of layoutDocuments(image, layers)) await writeWholeFile(join(folder, name), bytes);
}

/**
 * Whether the folder has what {@link writeOciLayout} writes. The index need only be JSON, since it
 * names the tag of an earlier pull.
 */
export async function hasLayoutDocuments(
  folder: string,
  image: ResolvedImage,
  layers: readonly ReadLayer[],
): Promise<boolean> {
  const there = layoutDocuments(image, layers).map(async ({ name, bytes }) => {
    const found = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    return name.startsWith('blobs/') ? found.equals(bytes) : isJson(found);
  });
  return (await Promise.all(there)).every(Boolean);
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

/** Whether a layout may hold the manifest as it is. */
export function isOci(image: ResolvedImage): boolean {
  return image.manifest.kind === 'image' && image.manifest.mediaType === OCI_MANIFEST;
}

/** Returns the config as it came; for schema 1, which has none, one made from its history. */
export function configDocument(image: ResolvedImage, layers: readonly ReadLayer[]): Uint8Array {
  if (image.manifest.kind === 'image') return image.configBytes;
  const diffIds = layers.map(({ diffId }) => diffId).filter(id => id !== undefined);
  return Buffer.from(JSON.stringify(configOfSchema1(image.manifest, diffIds)));
}

function convert(image: ResolvedImage, layers: readonly ReadLayer[], configDigest: Digest, configSize: number): Buffer {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: configDigest, size: configSize },
    layers: image.layers.map(({ descriptor }, at) => ociLayer(descriptor, layers[at])),
    ...(image.manifest.kind === 'image' && Object.keys(image.manifest.annotations).length
      ? { annotations: image.manifest.annotations }
      : {}),
  };
  return Buffer.from(JSON.stringify(manifest));
}

/**
 * Returns a layer's descriptor with the media type of its bytes, whatever the registry called them.
 */
function ociLayer(descriptor: Descriptor, layer: ReadLayer | undefined): Descriptor {
  const types = { gzip: OCI_LAYER_GZIP, zstd: OCI_LAYER_ZSTD, none: OCI_LAYER };
  const mediaType = types[layer?.compression ?? 'gzip'];
  const { annotations } = descriptor;
  return {
    mediaType: isForeignLayer(descriptor.mediaType)
      ? mediaType.replace('image.layer.', 'image.layer.nondistributable.')
      : mediaType,
    digest: descriptor.digest,
    size: layer?.size ?? descriptor.size,
    ...(descriptor.urls ? { urls: descriptor.urls } : {}),
    ...(annotations ? { annotations } : {}),
  };
}

function indexDocument(image: ResolvedImage, digest: Digest, size: number): Uint8Array {
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
  return Buffer.from(`${JSON.stringify(index)}\n`);
}

/** Where a layout keeps a blob. */
export function blobPath(folder: string, digest: Digest): string {
  return join(folder, layoutBlob(digest));
}
