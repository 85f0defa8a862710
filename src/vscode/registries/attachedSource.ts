import { isDigest } from '../../oci/digest.ts';
import type { AttachedSource } from '../../trust/listAttached.ts';
import type { ImageLookup } from './lookup.ts';
import type { Registries } from './registries.ts';

/** What reading attached artifacts takes. */
export interface AttachedNeeds {
  readonly lookup: Pick<ImageLookup, 'open'>;
  readonly registries: Pick<Registries, 'clientFor'>;
}

/** Reads what is attached to a registry's images, without asking for a document again. */
export async function attachedSource(registry: string, { lookup, registries }: AttachedNeeds): Promise<AttachedSource> {
  const client = await registries.clientFor(registry);
  return {
    manifest: (repository, version, signal) =>
      isDigest(version)
        ? lookup.open({ registry, repository, digest: version }, signal)
        : client.manifest(repository, version, signal),
    referrers: (repository, digest, artifactType, signal) => client.referrers(repository, digest, artifactType, signal),
    blobBytes: (repository, blob, limit, signal) => client.blobBytes(repository, blob, limit, signal),
  };
}
