import { isImage, parseConfig } from '../../oci/config.ts';
import { platformsOf } from '../../oci/choosePlatform.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseManifest, type Manifest } from '../../oci/manifest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { familiarName, formatReference } from '../../oci/reference.ts';
import { collectContent, type SourceRepository } from '../../publish/content.ts';
import { preparePublication, publishImage, type Publication } from '../../publish/publishImage.ts';
import type { PublishTarget } from '../../publish/target.ts';
import { MAX_CONFIG_BYTES } from '../../resolve/resolveImage.ts';
import type { Call } from '../command/command.ts';
import { offer } from '../common/offer.ts';
import { withNotification, withTransfer } from '../common/progress.ts';
import { count, formatBytes } from '../common/text.ts';
import type { TargetReference } from './askTarget.ts';
import { afterWriting, confirm, withAccount, type WriteNeeds } from './writing.ts';

/** An image to publish. */
export interface PublishSource extends SourceRepository {
  /** For messages. */
  readonly title: string;
  /** The tag or digest in the source. */
  readonly version: string;
  /** Copies what is attached to it as well. */
  readonly attached: boolean;
  /** A repository that has its blobs, if it is in the target's registry. */
  readonly origin?: { readonly registry: string; readonly repository: string } | undefined;
  /** What the user should know before it is published. */
  readonly notes: readonly string[];
  /** The digest that the user knows the image by. */
  readonly knownDigest?: Digest;
}

/** What a publication will do to its target. */
interface Plan {
  readonly publication: Publication;
  readonly facts: readonly string[];
}

const VERBS = { Push: ['Pushing', 'Pushed'], Copy: ['Copying', 'Copied'] } as const;

/**
 * Publishes an image. Started from the UI, confirms first, with what will be sent and replaced.
 * `undefined` when the user declines.
 */
export async function publishTo(
  source: PublishSource,
  target: TargetReference,
  verb: keyof typeof VERBS,
  needs: WriteNeeds,
  call: Call,
): Promise<{ readonly reference: string; readonly digest: Digest } | undefined> {
  const name = familiarName(target);
  const [doing, done] = VERBS[verb];
  const { publication, facts } = await withAccount(call, () =>
    withNotification(`Comparing ${source.title} with ${name}`, signal => plan(source, target, needs, call, signal)),
  );
  if (call.interactive && !(await confirm(`${verb} ${source.title} to ${name}?`, facts, verb))) return undefined;
  await withAccount(call, () =>
    withTransfer(`${doing} ${source.title} to ${name}`, (signal, report) =>
      publishImage(publication, target.tag, {
        signal,
        report: (sent, total) => report({ done: sent, downloaded: sent, total, layersDone: 0, layers: 0 }),
      }),
    ),
  );
  afterWriting(target, needs);
  await needs.registries.pin(target.registry, target.repository);
  if (call.interactive)
    offer(`${done} to ${name}.`, { 'Show in Registries': () => needs.views.revealReference(target) });
  return { reference: formatReference(target), digest: publication.content.root.digest };
}

async function plan(
  source: PublishSource,
  target: TargetReference,
  { registries }: WriteNeeds,
  { interactive }: Call,
  signal: AbortSignal,
): Promise<Plan> {
  const { writer } = await registries.writerFor(target.registry);
  const content = await collectContent(source, source.version, signal);
  const to: PublishTarget = { writer, repository: target.repository };
  const { origin, attached } = source;
  const mountFrom = origin?.registry === target.registry ? origin.repository : undefined;
  const publication = await preparePublication(source, content, to, { attached, mountFrom }, signal);
  return { publication, facts: interactive ? await factsOf(publication, source, target.tag, signal) : [] };
}

/** Returns the lines of the dialog that asks before writing. */
async function factsOf(
  { content, attachments, to, missing }: Publication,
  source: PublishSource,
  tag: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { root, blobs } = content;
  const platforms = await platformsIn(root.manifest, source, signal);
  const there = await to.writer.manifest(to.repository, tag, signal);
  const replaced = there && there.digest !== root.digest ? there : undefined;
  const before = replaced ? platformsOfIndex(parseManifest(replaced.bytes, replaced.mediaType)) : [];
  const lost = before.filter(platform => !platforms.includes(platform));
  const { length } = missing.missing;
  return [
    `Digest: ${root.digest}`,
    platforms.length > 0 ? `Platforms: ${platforms.join(', ')}` : '',
    attachments.length > 0 ? `With ${count(attachments.length, 'attached document')}.` : '',
    length === 0
      ? `All ${count(blobs.length, 'blob')} are there already.`
      : `${formatBytes(missing.size)} in ${count(length, 'blob')} to send or mount.`,
    there && !replaced ? 'The tag points to this image already.' : '',
    replaced ? `The tag now points to ${replaced.digest}, which it replaces.` : '',
    lost.length > 0 ? `The tag loses these platforms: ${lost.join(', ')}.` : '',
    source.knownDigest && source.knownDigest !== root.digest
      ? `The image was pulled as ${source.knownDigest}. The pull took one platform or converted it, so its digest differs.`
      : '',
    ...source.notes,
  ];
}

function platformsOfIndex(manifest: Manifest): readonly string[] {
  return manifest.kind === 'index' ? platformsOf(manifest).map(({ platform }) => formatPlatform(platform)) : [];
}

async function platformsIn(
  manifest: Manifest,
  { source, repository }: SourceRepository,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (manifest.kind !== 'image' || !isImage(manifest)) return platformsOfIndex(manifest);
  const config = await source.blobBytes(repository, manifest.config, MAX_CONFIG_BYTES, signal);
  return [formatPlatform(parseConfig(config).platform)];
}
