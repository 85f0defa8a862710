import * as vscode from 'vscode';
import { familiarName, formatReference, parseReference } from '../../oci/reference.ts';
import { askReference, askRegistry } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { copyText } from '../common/copied.ts';
import { withNotification } from '../common/progress.ts';
import type { Views } from '../common/reveal.ts';
import type { Registries } from '../registries/registries.ts';
import type { Configuration } from '../settings/configuration.ts';
import type { StoredSecrets } from '../settings/secrets.ts';
import { askTrust } from './askTrust.ts';

/** Finds an image in its registry, pins its repository and shows it in the tree. */
export const openImage = command(
  ['reference', 'platform'],
  async (argument, needs: ImageNeeds & { readonly views: Views }) => {
    const { lookup, registries, views } = needs;
    const reference = await askReference(argument, needs, 'Open Image');
    if (!reference) return undefined;
    // Opening an image again shows what its tag points to now.
    lookup.forget(reference);
    const { digest, mediaType } = await withNotification(`Opening ${familiarName(reference)}`, signal =>
      lookup.open(reference, signal),
    );
    await registries.opened(reference);
    await views.revealReference(reference, argument.platform);
    return { reference: formatReference(reference), digest, mediaType };
  },
);

/**
 * Sets how a registry is trusted: by a CA certificate, with any certificate, or without encryption.
 */
export const trustRegistry = command(
  ['registry', 'ca', 'insecure'],
  async (
    argument,
    { configuration, registries }: { readonly configuration: Configuration; readonly registries: Registries },
  ) => {
    const name = await askRegistry(argument, registries, 'Trust Registry');
    if (name === undefined) return;
    const setting = registries.settingOf(name);
    const { ca, insecure } = argument;
    const given = ca !== undefined || insecure !== undefined;
    const trusted = given
      ? { ...setting, ...(ca === undefined ? {} : { ca }), insecure: insecure ?? setting.insecure }
      : await askTrust(setting, 'How should Peel connect to this registry?');
    if (trusted) await configuration.addRegistry(trusted);
  },
);

/** Removes a registry from the list, and forgets its account. */
export const removeRegistry = command(
  ['registry'],
  async (
    argument,
    {
      configuration,
      registries,
      secrets,
    }: { readonly configuration: Configuration; readonly registries: Registries; readonly secrets: StoredSecrets },
    call,
  ) => {
    const name = await askRegistry(argument, registries, 'Remove Registry');
    if (name === undefined) return;
    if (await registries.closeLocal(name)) return;
    if (call.interactive && !(await confirmRemoval(name))) return;
    await configuration.removeRegistry(name);
    await secrets.forget(name);
  },
);

async function confirmRemoval(name: string): Promise<boolean> {
  const remove = 'Remove';
  const detail = 'This removes the registry from your settings and signs you out. Pulled images are kept.';
  return (await vscode.window.showWarningMessage(`Remove ${name}?`, { modal: true, detail }, remove)) === remove;
}

/** Unpins a repository. */
export const unpinRepository = command(
  ['repository', 'reference'],
  async ({ repository, reference }, { registries }: { readonly registries: Registries }) => {
    const named = repository ?? reference ?? (await askPinned(registries));
    if (named === undefined) return;
    const parsed = parseReference(named);
    await registries.unpin(parsed.registry, parsed.repository);
  },
);

function askPinned(registries: Registries): Thenable<string | undefined> {
  const all = registries
    .list()
    .flatMap(({ name }) => registries.pinned(name).map(repository => `${name}/${repository}`));
  return vscode.window.showQuickPick(all, {
    title: 'Unpin Repository',
    placeHolder: all.length > 0 ? 'Repository' : 'No repositories are pinned',
  });
}

/** Copies a row's full reference. */
export const copyReference = command(['reference', 'repository'], async ({ reference, repository }) => {
  const text = reference ?? repository;
  if (text !== undefined) await copyText(text);
  return text;
});

/** Copies a digest: the row's own, else the one that the reference resolves to now. */
export const copyDigest = command(['reference', 'digest'], async (argument, needs: ImageNeeds) => {
  const digest = argument.digest ?? (await ask());
  if (digest !== undefined) await copyText(digest);
  return digest;

  async function ask(): Promise<string | undefined> {
    const reference = await askReference(argument, needs, 'Copy Digest');
    if (!reference) return undefined;
    const title = 'Looking up the digest';
    return (await withNotification(title, signal => needs.lookup.open(reference, signal))).digest;
  }
});
