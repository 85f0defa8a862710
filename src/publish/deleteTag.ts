import { randomBytes } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { DOCKER_HUB } from '../oci/reference.ts';
import { RegistryError } from '../registry/errors.ts';
import type { TagUses } from './tagUses.ts';
import type { PublishTarget } from './target.ts';

/** The registry can only delete the image itself, and with it other tags than the named ones. */
export class AlsoDeletedError extends RegistryError {
  /** The tags that would go too, without those that were named. */
  readonly tags: readonly string[];
  constructor({ writer, repository }: PublishTarget, tag: string, tags: readonly string[]) {
    super(
      'AlsoDeletedError',
      [
        writer.registry,
        `can't delete the tag ${tag} alone: ${shown(tags)} of ${repository} would go with it. Name ${tags.length === 1 ? 'it' : 'them'} as well to delete all.`,
      ],
      { registry: writer.registry, repository },
    );
    this.tags = tags;
  }
}

/** The registry deletes nothing, or nothing by this API. */
export class DeletionOffError extends RegistryError {
  constructor({ writer, repository }: PublishTarget, detail: string) {
    const { registry } = writer;
    super('DeletionOffError', [registry, `deletes no images this way (${detail}). ${remedyAt(registry)}`], {
      registry,
      repository,
    });
  }
}

/** The registry said that it deleted a tag, which is still there. */
export class StillThereError extends RegistryError {
  constructor({ writer, repository }: PublishTarget, tag: string) {
    super(
      'StillThereError',
      [writer.registry, `reported no error, but the tag ${tag} of ${repository} is still there. Try again later.`],
      { registry: writer.registry, repository },
    );
  }
}

/**
 * Deletes a tag alone where the registry can, else the image with all its tags and the indexes that
 * contain it, if all of those are named. Returns the tags that are gone.
 * @param named tags that may go as well
 * @throws {AlsoDeletedError} @throws {DeletionOffError} @throws {StillThereError}
 */
export async function deleteTag(
  target: PublishTarget,
  tag: string,
  uses: TagUses,
  named: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { writer, repository } = target;
  const outcome = await writer.deleteManifest(repository, tag, signal);
  if ((await writer.digestOf(repository, tag, signal)) === undefined) {
    const asked = [...uses.otherTags, ...uses.indexes.flatMap(({ tags }) => tags)];
    for (const other of asked.filter(one => named.has(one))) await writer.deleteManifest(repository, other, signal);
    return [tag, ...(await gone(target, asked, signal))];
  }
  if (outcome.done) throw new StillThereError(target, tag);
  await refuseIfOff(target, signal);
  const along = [...uses.otherTags, ...uses.indexes.flatMap(({ tags }) => tags)];
  const unnamed = along.filter(other => !named.has(other));
  if (unnamed.length > 0) throw new AlsoDeletedError(target, tag, unnamed);
  // Indexes first, so that none of them ever names a missing image.
  for (const digest of [...uses.indexes.map(index => index.digest), uses.digest])
    await deleteImage(target, digest, signal);
  const left = await writer.digestOf(repository, tag, signal);
  if (left !== undefined) throw new StillThereError(target, tag);
  return [tag, ...(await gone(target, along, signal))];
}

async function deleteImage(target: PublishTarget, digest: Digest, signal: AbortSignal): Promise<void> {
  const outcome = await target.writer.deleteManifest(target.repository, digest, signal);
  if (outcome.done) return;
  if (!outcome.missing) throw new DeletionOffError(target, `${outcome.status} ${outcome.detail}`);
  // Some registries answer 404 to every deletion.
  if ((await target.writer.digestOf(target.repository, digest, signal)) !== undefined)
    throw new DeletionOffError(target, '404');
}

/** Tries to delete what can't exist: a registry that deletes says that it isn't there. */
async function refuseIfOff(target: PublishTarget, signal: AbortSignal): Promise<void> {
  const nothing: Digest = `sha256:${randomBytes(32).toString('hex')}`;
  const outcome = await target.writer.deleteManifest(target.repository, nothing, signal);
  if (!outcome.done && !outcome.missing) throw new DeletionOffError(target, `${outcome.status} ${outcome.detail}`);
}

async function gone(
  { writer, repository }: PublishTarget,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await Promise.all(tags.map(tag => writer.digestOf(repository, tag, signal)));
  return tags.filter((_, at) => found[at] === undefined);
}

function shown(tags: readonly string[]): string {
  const more = tags.length > 10 ? ` and ${tags.length - 10} more` : '';
  return `${tags.slice(0, 10).join(', ')}${more}`;
}

function remedyAt(registry: string): string {
  if (registry === DOCKER_HUB) return 'Delete the tag on hub.docker.com.';
  if (registry === 'ghcr.io') return "Delete the version on the package's page on GitHub.";
  return 'Its owner can turn deletion on: REGISTRY_STORAGE_DELETE_ENABLED=true, or storage.delete.enabled, in the distribution registry.';
}
