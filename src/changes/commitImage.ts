import { copyFile, link, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openPulledImage } from '../export/pulledImage.ts';
import { blobPath, writeOciLayout } from '../layout/ociLayout.ts';
import { parseConfig } from '../oci/config.ts';
import { contentDigest } from '../oci/contentDigest.ts';
import type { ResolvedImage } from '../oci/image.ts';
import { asObjects, asStringMap, parseJsonObject } from '../oci/json.ts';
import { layersOf } from '../oci/layer.ts';
import { parseManifest } from '../oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../oci/mediaTypes.ts';
import { parseReference } from '../oci/reference.ts';
import type { ImageFolder } from '../pull/imageFolder.ts';
import type { Change } from './layerPlan.ts';
import { NothingChangedError } from './errors.ts';
import type { WrittenLayer } from './layerBlob.ts';
import { newConfig, type ConfigChanges } from './newConfig.ts';
import type { UpperSource } from './readUpper.ts';
import { runChangesJob } from './runChangesJob.ts';

export interface CommitRequest {
  /** The pulled image, unmounted or mounted read-only. */
  readonly pulled: ImageFolder;
  readonly source: UpperSource;
  /** The source's archive was read in a user namespace. */
  readonly namespace: boolean;
  /** The new image's name. */
  readonly reference: string;
  /** A new folder for the OCI layout. */
  readonly layout: string;
  /** RFC 3339. The image is reproducible if given: later times of files become this one. */
  readonly created?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly config?: ConfigChanges;
  /** `changesWorker.js` of the bundle, `changesWorker.ts` in plain Node. */
  readonly script: URL;
}

/** A new image in an OCI layout, ready to be pulled from there. */
export interface CommittedLayout {
  readonly image: ResolvedImage;
  readonly changes: readonly Change[];
  /** Absent if only the config was changed. */
  readonly layer?: WrittenLayer;
}

/**
 * Writes an image with a pulled image's layers and one more, made of its changes, as an OCI layout.
 * @throws {NothingChangedError} {@link DamagedLayoutError} and the other errors of this room; the
 * caller removes the layout then
 */
export async function commitImage(request: CommitRequest, signal: AbortSignal): Promise<CommittedLayout> {
  const { pulled, layout } = request;
  const { image: base, files } = await openPulledImage(pulled, signal);
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const file = join(layout, 'blobs/sha256/layer.partial');
  const latest = request.created === undefined ? undefined : Math.floor(Date.parse(request.created) / 1000);
  const { changes, layer } = await runChangesJob(
    {
      source: request.source,
      namespace: request.namespace,
      layers: pulled.layers.length,
      layer: { file, ...(latest === undefined ? {} : { latest }) },
    },
    request.script,
    signal,
  );
  if (!layer && request.config === undefined) throw new NothingChangedError(pulled.folder);
  if (layer) await rename(file, blobPath(layout, layer.digest));
  for (const { layer: below, blob } of files) await linkBlob(blob, blobPath(layout, below.descriptor.digest));
  const image = newImage(request, base, layer);
  const layers = image.layers.map(({ descriptor }) => ({ size: descriptor.size }));
  await writeOciLayout(layout, image, layers);
  return { image, changes, ...(layer ? { layer } : {}) };
}

/** Links a blob without copying it, where the file system can. */
async function linkBlob(from: string, to: string): Promise<void> {
  if (await lstat(to).catch(() => undefined)) return;
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(async () => {
    await rm(to, { force: true });
    await copyFile(from, to);
  });
}

function newImage(request: CommitRequest, base: ResolvedImage, layer: WrittenLayer | undefined): ResolvedImage {
  const { pulled, comment, author } = request;
  const created = request.created ?? new Date().toISOString();
  const history = {
    created,
    ...(comment === undefined ? {} : { comment }),
    ...(author === undefined ? {} : { author }),
    ...(layer ? { diffId: layer.diffId } : {}),
  };
  const baseConfig = parseJsonObject(Buffer.from(base.configBytes).toString()) ?? {};
  const configBytes = Buffer.from(JSON.stringify(newConfig(baseConfig, history, request.config)));
  const baseManifest = parseJsonObject(Buffer.from(base.manifestBytes).toString()) ?? {};
  const manifestBytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: contentDigest(configBytes), size: configBytes.length },
      layers: [
        ...asObjects(baseManifest.layers),
        ...(layer ? [{ mediaType: OCI_LAYER_GZIP, digest: layer.digest, size: layer.size }] : []),
      ],
      annotations: {
        ...asStringMap(baseManifest.annotations),
        'org.opencontainers.image.created': created,
        'org.opencontainers.image.base.name': pulled.reference,
        'org.opencontainers.image.base.digest': pulled.digest,
      },
    }),
  );
  const manifest = parseManifest(manifestBytes, OCI_MANIFEST);
  if (manifest.kind !== 'image') throw new TypeError('a manifest with layers is an image');
  const config = parseConfig(configBytes);
  const manifestDigest = contentDigest(manifestBytes);
  // The name may have a digest, which is another image's.
  const { digest: _other, ...reference } = parseReference(request.reference);
  return {
    reference,
    digest: manifestDigest,
    mediaType: OCI_MANIFEST,
    platform: base.platform,
    manifestDigest,
    manifestBytes,
    manifest,
    config,
    configBytes,
    layers: layersOf(manifest, config),
  };
}
