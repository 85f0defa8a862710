import * as vscode from 'vscode';
import { familiarName, formatReference, type Reference } from '../../oci/reference.ts';
import type { Attached } from '../../trust/attached.ts';
import { listAttached as attachedTo } from '../../trust/listAttached.ts';
import { askReference } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { COMMANDS } from '../common/ids.ts';
import { withNotification } from '../common/progress.ts';
import { attachedSource } from '../registries/attachedSource.ts';
import type { Configuration } from '../settings/configuration.ts';
import { labelOf } from './attachedLabel.ts';
import { subjectsOf } from './subjects.ts';

/** What looking at an image's attachments takes. */
export interface TrustNeeds extends ImageNeeds {
  readonly configuration: Pick<Configuration, 'platform'>;
}

/** Lists the signatures, SBOMs and attestations attached to an image. */
export const listAttached = command(['reference', 'platform'], async (argument, needs: TrustNeeds, call) => {
  const reference = await askReference(argument, needs, 'List Attached Artifacts');
  if (!reference) return undefined;
  const attached = await withNotification(
    `Looking for artifacts attached to ${familiarName(reference)}`,
    async signal => {
      const { platform } = argument;
      const subjects = await subjectsOf(reference, platform, needs.configuration.platform(), needs.lookup, signal);
      const source = await attachedSource(reference.registry, needs);
      return attachedTo(source, reference.repository, subjects, signal);
    },
  );
  if (call.interactive) await offerAttached(reference, attached);
  return attached.map(({ descriptor, kind, subject, predicateType }) => ({
    digest: descriptor.digest,
    kind,
    artifactType: descriptor.artifactType ?? descriptor.mediaType,
    size: descriptor.size,
    subject,
    ...(predicateType === undefined ? {} : { predicateType }),
  }));
});

async function offerAttached(reference: Reference, attached: readonly Attached[]): Promise<void> {
  const items = attached.map(({ descriptor, kind, predicateType }) => ({
    label: labelOf(kind).label,
    description: predicateType ?? descriptor.artifactType ?? descriptor.mediaType,
    detail: descriptor.digest,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Attached to ${familiarName(reference)}`,
    placeHolder: items.length === 0 ? 'Nothing is attached' : 'Choose an artifact to show its manifest',
  });
  if (!chosen) return;
  const { registry, repository } = reference;
  const artifact = `${formatReference({ registry, repository })}@${chosen.detail}`;
  await vscode.commands.executeCommand(COMMANDS.showManifest, { argument: { reference: artifact } });
}
