/* Media types of the OCI image-spec and of Docker's registry protocol. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const DOCKER_SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const DOCKER_SCHEMA1_SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/**
 * The Accept header of a manifest request: a single line, since some registries read only the
 * first.
 */
export const MANIFEST_ACCEPT = [
  OCI_INDEX,
  DOCKER_INDEX,
  OCI_MANIFEST,
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1_SIGNED,
  DOCKER_SCHEMA1,
  '*/*;q=0.1',
].join(', ');

/** Returns a media type in lower case, without its parameters. */
export function bareMediaType(text: string | undefined): string {
  return (text ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Returns whether a layer's content may lie outside the registry, at its `urls`. */
export function isForeignLayer(mediaType: string): boolean {
  return /\.(foreign\.diff|nondistributable\.v1)\.tar/.test(bareMediaType(mediaType));
}
