import { choosePlatform, platformsOf, PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import type { Digest } from '../../oci/digest.ts';
import { defaultPlatform, parsePlatform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Opened } from '../../resolve/openReference.ts';
import type { Subjects } from '../../trust/listAttached.ts';
import type { ImageLookup } from '../registries/lookup.ts';

/** The manifests of an image that artifacts can be attached to, with their bytes. */
export interface ImageSubjects extends Subjects {
  /** The reference's own manifest first, then the platform's. */
  readonly documents: ReadonlyMap<Digest, Uint8Array>;
}

/**
 * Finds the manifests of an image: the index, and the image for a platform.
 * @param platform like `linux/arm64`; then the image must have it
 * @param preferred used if the image has it, in place of the default
 * @throws {PlatformNotFoundError} and what the lookup throws
 */
export async function subjectsOf(
  reference: Reference,
  platform: string | undefined,
  preferred: string | undefined,
  lookup: Pick<ImageLookup, 'open'>,
  signal: AbortSignal,
): Promise<ImageSubjects> {
  const opened = await lookup.open(reference, signal);
  if (opened.manifest.kind !== 'index') return documentsOf([opened], []);
  const entries = platformsOf(opened.manifest);
  const wanted = parsedPlatform(platform ?? preferred);
  const [only, ...others] = entries;
  const entry = choosePlatform(entries, wanted) ?? (platform === undefined && others.length === 0 ? only : undefined);
  if (entry === undefined) {
    if (platform !== undefined)
      throw new PlatformNotFoundError(
        wanted,
        entries.map(item => item.platform),
      );
    return documentsOf(
      [opened],
      entries.flatMap(({ attestations }) => attestations),
    );
  }
  const image = await lookup.open({ ...reference, digest: entry.descriptor.digest }, signal);
  return documentsOf([opened, image], entry.attestations);
}

function parsedPlatform(text: string | undefined) {
  return text === undefined ? defaultPlatform() : parsePlatform(text);
}

function documentsOf(opened: readonly Opened[], attestations: Subjects['attestations']): ImageSubjects {
  const documents = new Map(opened.map(({ digest, bytes }) => [digest, bytes]));
  return { manifests: [...documents.keys()], attestations, documents };
}
