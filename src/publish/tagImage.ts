import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { NotFoundError } from '../registry/errors.ts';
import type { PublishTarget } from './target.ts';

/**
 * Gives another tag to what a repository has, byte for byte, and returns its digest.
 * @param version the tag or digest that is there
 * @throws {NotFoundError} and what writing throws
 */
export async function tagImage(
  { writer, repository }: PublishTarget,
  version: string,
  tag: string,
  signal: AbortSignal,
): Promise<Digest> {
  const found = await writer.manifest(repository, version, signal);
  if (!found) throw new NotFoundError('manifest', version, { registry: writer.registry, repository });
  const { bytes, digest } = found;
  if ((await writer.digestOf(repository, tag, signal)) === digest) return digest;
  const { mediaType } = parseManifest(bytes, found.mediaType);
  await writer.putManifest(repository, tag, { bytes, mediaType, digest }, signal);
  return digest;
}
