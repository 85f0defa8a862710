import type { BlobSource } from '../../oci/byteSource.ts';
import type { RegistryClient } from '../../registry/api/client.ts';
import type { ImageSource } from '../../resolve/imageSource.ts';

/**
 * The part of a registry that rows and lookups use. A registry's client implements it, and so does
 * a folder or archive on this machine.
 */
export type RepositoryAccess = Pick<
  RegistryClient,
  'manifest' | 'head' | 'blobBytes' | 'blobSize' | 'catalog' | 'manyTags' | 'allTags' | 'referrers'
> &
  Pick<ImageSource, 'hasManifest'> & { blobs(repository: string): BlobSource };
