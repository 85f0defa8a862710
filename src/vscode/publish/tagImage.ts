import { familiarName, formatReference, wantedVersion } from '../../oci/reference.ts';
import { tagImage as addTag } from '../../publish/tagImage.ts';
import { askReference } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { offer } from '../common/offer.ts';
import { withNotification } from '../common/progress.ts';
import { askTag, checkedTag } from './askTarget.ts';
import { afterWriting, confirm, requireTrust, withAccount, type WriteNeeds } from './writing.ts';

/** Gives an image in a registry another tag in the same repository. */
export const tagImage = command(['reference', 'tag'], async (argument, needs: WriteNeeds, call) => {
  requireTrust();
  const reference = await askReference(argument, needs, 'Tag');
  if (!reference) return undefined;
  const { registry, repository } = reference;
  const { writer } = await needs.registries.writerFor(registry);
  const title = `Tag ${familiarName(reference)}`;
  const tag = argument.tag === undefined ? await askTag(title, 'Another tag for this image') : checkedTag(argument.tag);
  if (tag === undefined) return undefined;
  const target = { registry, repository, tag };
  const version = wantedVersion(reference);
  if (call.interactive) {
    const [now, then] = await withAccount(call, () =>
      withNotification(title, signal =>
        Promise.all([writer.digestOf(repository, version, signal), writer.digestOf(repository, tag, signal)]),
      ),
    );
    const facts = [
      `Digest: ${now ?? 'none'}`,
      then !== undefined && then !== now && `The tag now points to ${then}, which it replaces.`,
    ];
    if (!(await confirm(`Tag ${familiarName(reference)} as ${tag}?`, facts, 'Tag'))) return undefined;
  }
  const digest = await withAccount(call, () =>
    withNotification(title, signal => addTag({ writer, repository }, version, tag, signal)),
  );
  afterWriting(target, needs);
  if (call.interactive)
    offer(`Tagged as ${familiarName(target)}.`, { 'Show in Registries': () => needs.views.revealReference(target) });
  return { reference: formatReference(target), digest };
});
