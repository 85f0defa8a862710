import type { KeyObject } from 'node:crypto';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { Digest } from '../../src/oci/digest.ts';
import * as types from '../../src/oci/mediaTypes.ts';
import type { Platform } from '../../src/oci/platform.ts';
import { compress, type Compression } from './compress.ts';
import { type Content, sha256 } from './registry/store.ts';
import { signingKey, signPretty } from './schema1.ts';
import { type Entry, tar } from './tar.ts';

/**
 * The blob that means "no change" in schema 1: a gzip of 1,024 NULs, as Docker has always written
 * it.
 */
export const EMPTY_LAYER_BLOB = Buffer.from('1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000', 'hex');
export const FIXED_DATE = '2024-01-01T00:00:00Z';

/** A layer, ready to be stacked. */
export interface BuiltLayer {
  /** Uncompressed. */
  readonly tar: Buffer;
  /** As transferred. */
  readonly blob: Buffer;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly compression: Compression;
  readonly createdBy: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
}

export interface LayerOptions {
  readonly compression?: Compression;
  /** The command shown in the history. */
  readonly createdBy?: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Makes it a foreign layer, whose bytes don't come from the registry. */
  readonly urls?: readonly string[];
  /** Different transferred bytes, such as a multi-frame or broken compression of the same tar. */
  readonly blob?: Buffer;
}

/** Builds a layer from a complete archive, or from entries. */
export function layer(content: Buffer | readonly (Entry | Uint8Array)[], options: LayerOptions = {}): BuiltLayer {
  const archive = Buffer.isBuffer(content) ? content : tar(...content);
  const compression = options.compression ?? 'gzip';
  const blob = options.blob ?? compress(archive, compression);
  const { mediaType, annotations, urls } = options;
  return {
    tar: archive,
    blob,
    digest: sha256(blob),
    diffId: sha256(archive),
    compression,
    createdBy: options.createdBy ?? 'ADD layer.tar /',
    ...(mediaType && { mediaType }),
    ...(annotations && { annotations }),
    ...(urls && { urls }),
  };
}

/** A history step that changed no file, such as `ENV`. */
export interface EmptyStep {
  readonly createdBy: string;
}

export interface ImageOptions {
  /** Base first; empty steps in between only add to the history. */
  readonly layers: readonly (BuiltLayer | EmptyStep)[];
  readonly format?: 'oci' | 'docker' | 'schema1';
  readonly platform?: Platform;
  /** The config's `config`: Env, Cmd, Labels, … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  /** Schema 1 only: fields of the document. */
  readonly name?: string;
  readonly tag?: string;
  /** Schema 1 only: keys to sign with. Default: one; an empty list leaves the document unsigned. */
  readonly keys?: readonly KeyObject[];
  /** Changes the manifest before it is written. */
  readonly change?: (manifest: Record<string, unknown>) => unknown;
}

/** An image, ready for `store.put(repository, image, ...tags)`. */
export interface BuiltImage extends Content {
  /** Its descriptor for an index. */
  readonly descriptor: Descriptor;
  readonly layers: readonly BuiltLayer[];
  /** The image config's bytes. Schema 1 has none: the newest history entry's. */
  readonly config: Buffer;
}

const LINUX_AMD64: Platform = { os: 'linux', architecture: 'amd64' };

/** Builds an image with the config, manifest and digests that a real tool would write. */
export function image(options: ImageOptions): BuiltImage {
  return options.format === 'schema1' ? schema1Image(options) : modernImage(options);
}

function isLayer(step: BuiltLayer | EmptyStep): step is BuiltLayer {
  return 'blob' in step;
}

function modernImage(options: ImageOptions): BuiltImage {
  const docker = options.format === 'docker';
  const platform = options.platform ?? LINUX_AMD64;
  const layers = options.layers.filter(isLayer);
  const config = encode({
    created: FIXED_DATE,
    ...platform,
    config: options.config ?? { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: options.layers.map(step => ({
      created: FIXED_DATE,
      created_by: step.createdBy,
      ...(isLayer(step) ? {} : { empty_layer: true }),
    })),
  });
  const manifest: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: docker ? types.DOCKER_MANIFEST : types.OCI_MANIFEST,
    config: describe(config, docker ? types.DOCKER_CONFIG : types.OCI_CONFIG),
    layers: layers.map(built => layerDescriptor(built, docker)),
    ...(options.subject && { subject: options.subject }),
    ...(options.annotations && { annotations: options.annotations }),
  };
  const document = finish(options.change?.(manifest) ?? manifest, docker ? types.DOCKER_MANIFEST : types.OCI_MANIFEST);
  const stored = layers.filter(({ urls }) => !urls).map(({ blob }) => blob);
  return { ...document, descriptor: { ...document.descriptor, platform }, layers, config, blobs: [config, ...stored] };
}

function layerDescriptor(built: BuiltLayer, docker: boolean): Descriptor {
  const oci = { gzip: types.OCI_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD, none: types.OCI_LAYER }[built.compression];
  const mediaType = built.mediaType ?? (docker ? types.DOCKER_LAYER : oci);
  return {
    ...describe(built.blob, mediaType),
    ...(built.annotations && { annotations: built.annotations }),
    ...(built.urls && { urls: built.urls }),
  };
}

/**
 * Builds schema 1 as Docker wrote it: newest first, signed, every step with a blob (distribution,
 * manifest-v2-1).
 */
function schema1Image(options: ImageOptions): BuiltImage {
  const platform = options.platform ?? LINUX_AMD64;
  const layers = options.layers.filter(isLayer);
  const history: string[] = [];
  let parent: string | undefined;
  for (const [index, step] of options.layers.entries()) {
    const id: string = sha256(`${parent} ${step.createdBy} ${isLayer(step) ? step.digest : ''}`).slice(
      'sha256:'.length,
    );
    const newest = index === options.layers.length - 1;
    history.unshift(
      JSON.stringify({
        ...(newest && { ...platform, config: options.config ?? { Cmd: ['/bin/sh'] } }),
        id,
        ...(parent !== undefined && { parent }),
        created: FIXED_DATE,
        container_config: { Cmd: [step.createdBy] },
        ...(!isLayer(step) && { throwaway: true }),
      }),
    );
    parent = id;
  }
  const manifest: Record<string, unknown> = {
    schemaVersion: 1,
    name: options.name ?? 'library/test',
    tag: options.tag ?? 'latest',
    architecture: platform.architecture,
    fsLayers: options.layers
      .map(step => ({ blobSum: isLayer(step) ? step.digest : sha256(EMPTY_LAYER_BLOB) }))
      .toReversed(),
    history: history.map(v1Compatibility => ({ v1Compatibility })),
  };
  const payload = JSON.stringify(options.change?.(manifest) ?? manifest, undefined, 3);
  const keys = options.keys ?? [signingKey()];
  const bytes = keys.length > 0 ? signPretty(payload, keys) : Buffer.from(payload);
  const mediaType = keys.length > 0 ? types.DOCKER_SCHEMA1_SIGNED : types.DOCKER_SCHEMA1;
  const digest = sha256(payload);
  const empty = layers.length < options.layers.length ? [EMPTY_LAYER_BLOB] : [];
  return {
    mediaType,
    bytes,
    digest,
    descriptor: { mediaType, digest, size: bytes.length, platform },
    layers,
    config: Buffer.from(history[0] ?? '{}'),
    blobs: [...layers.map(({ blob }) => blob), ...empty],
  };
}

/** An entry of an index: a document, optionally with a different platform or annotations. */
export interface IndexEntry {
  readonly content: Content & { readonly descriptor: Descriptor };
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface BuiltIndex extends Content {
  readonly descriptor: Descriptor;
}

/** Builds an image index or manifest list. Indexes may contain indexes. */
export function index(
  entries: readonly (IndexEntry | IndexEntry['content'])[],
  options: {
    readonly format?: 'oci' | 'docker';
    readonly annotations?: Readonly<Record<string, string>>;
    readonly change?: (index: Record<string, unknown>) => unknown;
  } = {},
): BuiltIndex {
  const all = entries.map(entry => ('content' in entry ? entry : { content: entry }));
  const mediaType = options.format === 'docker' ? types.DOCKER_INDEX : types.OCI_INDEX;
  const document: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType,
    manifests: all.map(({ content, ...more }) => ({ ...content.descriptor, ...more })),
    ...(options.annotations && { annotations: options.annotations }),
  };
  const finished = finish(options.change?.(document) ?? document, mediaType);
  return { ...finished, blobs: [], children: all.map(({ content }) => content) };
}

/** Builds an OCI artifact: named files, optionally attached to an image. */
export function artifact(options: {
  readonly artifactType: string;
  readonly files: readonly { readonly name: string; readonly bytes: Buffer; readonly mediaType?: string }[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}): Content & { readonly descriptor: Descriptor } {
  const empty = Buffer.from('{}');
  const { artifactType, subject, annotations } = options;
  const document = {
    schemaVersion: 2,
    mediaType: types.OCI_MANIFEST,
    artifactType,
    config: { ...describe(empty, 'application/vnd.oci.empty.v1+json'), data: empty.toString('base64') },
    layers: options.files.map(({ name, bytes, mediaType }) => ({
      ...describe(bytes, mediaType ?? 'application/octet-stream'),
      annotations: { 'org.opencontainers.image.title': name },
    })),
    ...(subject && { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
    ...(annotations && { annotations }),
  };
  const finished = finish(document, types.OCI_MANIFEST);
  return {
    ...finished,
    descriptor: { ...finished.descriptor, artifactType },
    blobs: [empty, ...options.files.map(({ bytes }) => bytes)],
  };
}

function finish(document: unknown, mediaType: string): Omit<BuiltIndex, 'blobs'> {
  const bytes = encode(document);
  return { mediaType, bytes, digest: sha256(bytes), descriptor: describe(bytes, mediaType) };
}

function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

function encode(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
