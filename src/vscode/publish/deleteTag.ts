import * as vscode from 'vscode';
import { familiarName, type Reference } from '../../oci/reference.ts';
import { AlsoDeletedError, deleteTag as removeTag } from '../../publish/deleteTag.ts';
import { findTagUses, type TagUses } from '../../publish/tagUses.ts';
import { askReference } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { withNotification } from '../common/progress.ts';
import { count } from '../common/text.ts';
import { parseTarget, type TargetReference } from './askTarget.ts';
import { afterWriting, confirm, requireTrust, withAccount, type WriteNeeds } from './writing.ts';

/**
 * Deletes a tag. Some registries can only delete the image with all its tags: those must be named,
 * by the caller or by the user.
 */
export const deleteTag = command(['reference', 'alsoDelete'], async (argument, needs: WriteNeeds, call) => {
  requireTrust();
  const reference = await askReference(argument, needs, 'Delete Tag');
  if (!reference) return undefined;
  const target = parseTarget(`${reference.registry}/${reference.repository}${versionOf(reference)}`);
  const { registry, repository, tag } = target;
  const { writer, client } = await needs.registries.writerFor(registry);
  const name = familiarName(target);
  const uses = await withAccount(call, () =>
    withNotification(`Looking at the tags of ${repository}`, signal =>
      findTagUses({ writer, repository }, client, tag, signal),
    ),
  );
  if (call.interactive && !(await confirm(`Delete the tag ${name}?`, factsOf(uses), 'Delete'))) return undefined;
  const named = new Set((argument.alsoDelete ?? []).map(other => tagOf(other, target)));
  const remove = (also: ReadonlySet<string>): Promise<readonly string[]> =>
    withAccount(call, () =>
      withNotification(`Deleting ${name}`, signal => removeTag({ writer, repository }, tag, uses, also, signal)),
    );
  const deleted = await removeOrAsk(remove, named, name, call);
  if (!deleted) return undefined;
  afterWriting(target, needs);
  if (call.interactive)
    void vscode.window.showInformationMessage(
      `Deleted ${deleted.join(', ')} of ${repository}. The registry frees the space when it next collects garbage.`,
    );
  return { deleted: [...deleted] };
});

/** Deletes. If more would go with the tag, the user must type what. */
async function removeOrAsk(
  remove: (also: ReadonlySet<string>) => Promise<readonly string[]>,
  named: ReadonlySet<string>,
  name: string,
  { interactive }: Call,
): Promise<readonly string[] | undefined> {
  try {
    return await remove(named);
  } catch (error) {
    if (!interactive || !(error instanceof AlsoDeletedError)) throw error;
    const expected = error.tags.join(' ');
    const typed = await vscode.window.showInputBox({
      title: `Delete ${name} and Others`,
      prompt: `This registry deletes images with all their tags. To delete these as well, type: ${expected}`,
      ignoreFocusOut: true,
      validateInput: text => (text.trim() === '' || words(text) === words(expected) ? undefined : `Type: ${expected}`),
    });
    if (typed === undefined || words(typed) !== words(expected)) return undefined;
    return remove(new Set([...named, ...error.tags]));
  }
}

function words(text: string): string {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .toSorted()
    .join(' ');
}

/** Returns the lines of the dialog that asks before deleting. */
function factsOf({ digest, otherTags, indexes, referrers }: TagUses): readonly (string | false)[] {
  return [
    `Digest: ${digest}`,
    otherTags.length === 0
      ? 'No other tag points to this image.'
      : `Other tags of this image: ${otherTags.slice(0, 20).join(', ')}${otherTags.length > 20 ? ' …' : ''}`,
    ...indexes.slice(0, 20).map(({ tags, platform }) => `It is ${platform} of ${tags.join(', ')}.`),
    referrers.length > 0 &&
      `${count(referrers.length, 'document is', 'documents are')} attached to this image, and may be left without it.`,
    "Where a registry can't delete a tag alone, you are asked again before anything else goes.",
  ];
}

/** A digest is not what is deleted: a reference with both names the tag. */
function versionOf({ tag, digest }: Reference): string {
  return tag === undefined ? `@${digest ?? ''}` : `:${tag}`;
}

/** Reads a tag to delete as well, which may be written as a whole reference. */
function tagOf(text: string, { registry, repository }: TargetReference): string {
  if (!/[:/]/.test(text)) return text;
  const other = parseTarget(text);
  return other.registry === registry && other.repository === repository ? other.tag : text;
}
