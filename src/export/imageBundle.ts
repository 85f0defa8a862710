import { layoutBlob } from '../oci/layoutPaths.ts';
import { createHash } from 'node:crypto';
import type { Inflaters } from '../layers/compression/decompress.ts';
import type { BlobSource, Sink } from '../oci/byteSource.ts';
import { digestHex, type Digest } from '../oci/digest.ts';
import { familiarRepository } from '../oci/reference.ts';
import { configDocument, isOci, layoutDocuments, type ReadLayer } from '../layout/ociLayout.ts';
import type { ResolvedImage } from '../oci/image.ts';
import { type Bundle, putFile } from './bundle.ts';
import type { ExportJob } from './exportJob.ts';
import { LayerMeasure } from './layerMeasure.ts';
import type { StoredLayer } from './rootfsTar.ts';

/** An image being written into a bundle. */
export interface Bundling {
  readonly source: BlobSource;
  readonly job: Pick<ExportJob, 'image' | 'layers' | 'limits'>;
  readonly bundle: Bundle;
  readonly inflaters: Inflaters;
}

/**
 * Writes an image into a bundle as an OCI layout (image-spec, image-layout.md), with unchanged
 * blobs. Docker's schemas become OCI manifests, for which their layers are decompressed on the way.
 * @throws what {@link LayerMeasure} and the source throw
 */
export async function bundleOciLayout(bundling: Bundling, signal: AbortSignal): Promise<void> {
  const { job, bundle } = bundling;
  const written = new Map<Digest, ReadLayer>();
  for (const layer of job.layers) {
    const { digest } = layer.descriptor;
    if (!written.has(digest)) written.set(digest, await copyBlob(bundling, layer, signal));
  }
  const layers = job.layers.map(({ descriptor }) => written.get(descriptor.digest) ?? { size: descriptor.size });
  for (const { name, bytes } of layoutDocuments(job.image, layers)) putFile(bundle, name, bytes);
}

async function copyBlob(
  { source, job, bundle, inflaters }: Bundling,
  { descriptor, diffId }: StoredLayer,
  signal: AbortSignal,
): Promise<ReadLayer> {
  const { maxBytes } = job.limits;
  const measure = isOci(job.image) ? undefined : new LayerMeasure({ diffId, maxBytes, inflaters });
  const file = bundle.open(layoutBlob(descriptor.digest));
  const sink: Sink = {
    write: chunk => {
      file.write(chunk);
      measure?.write(chunk);
    },
  };
  try {
    await source.read(descriptor, 0, sink, signal);
    file.end();
    return measure?.end() ?? { size: descriptor.size };
  } finally {
    measure?.close();
  }
}

/**
 * Writes an image into a bundle like `docker save`, for `docker load`: the config, the uncompressed
 * layers, and a `manifest.json` with their names (moby, image/spec/v1.2.md).
 * @throws what {@link LayerMeasure} and the source throw
 */
export async function bundleDockerArchive(bundling: Bundling, signal: AbortSignal): Promise<void> {
  const { job, bundle } = bundling;
  const names = new Map<Digest, string>();
  const read: ReadLayer[] = [];
  for (const layer of job.layers) {
    const { digest } = layer.descriptor;
    const name = names.get(digest) ?? `${digestHex(layer.diffId ?? digest)}.tar`;
    const written = [...names.values()].includes(name);
    const measured = await unpackBlob(bundling, layer, written ? undefined : name, signal);
    names.set(digest, name);
    read.push(measured);
  }
  const config = configDocument(job.image, read);
  const configName = `${configHex(job.image, config)}.json`;
  putFile(bundle, configName, config);
  const tags = tagsOf(job.image);
  const layers = job.layers.map(({ descriptor }) => names.get(descriptor.digest) ?? '');
  putFile(
    bundle,
    'manifest.json',
    Buffer.from(JSON.stringify([{ Config: configName, RepoTags: tags, Layers: layers }])),
  );
}

/** Decompresses a layer, into the bundle if it gets a name. */
async function unpackBlob(
  { source, job, bundle, inflaters }: Bundling,
  { descriptor, diffId }: StoredLayer,
  name: string | undefined,
  signal: AbortSignal,
): Promise<ReadLayer> {
  const file = name === undefined ? undefined : bundle.open(name);
  const { maxBytes } = job.limits;
  const measure = new LayerMeasure({ diffId, maxBytes, inflaters, ...(file ? { out: file } : {}) });
  try {
    await source.read(descriptor, 0, measure, signal);
    const read = measure.end();
    file?.end();
    return read;
  } finally {
    measure.close();
  }
}

function configHex(image: ResolvedImage, config: Uint8Array): string {
  return image.manifest.kind === 'image'
    ? digestHex(image.manifest.config.digest)
    : createHash('sha256').update(config).digest('hex');
}

/** Returns the name to load the image under. An image opened by digest alone has none. */
function tagsOf({ reference }: ResolvedImage): readonly string[] {
  return reference.tag === undefined ? [] : [`${familiarRepository(reference)}:${reference.tag}`];
}
