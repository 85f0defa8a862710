import * as vscode from 'vscode';
import { platformsOf } from '../../oci/choosePlatform.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, wantedVersion, type Reference } from '../../oci/reference.ts';
import { askReference } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { withNotification } from '../common/progress.ts';
import { imageName } from '../registries/imageName.ts';
import { askTarget, parseTarget } from './askTarget.ts';
import { publishTo } from './publishTo.ts';
import { requireTrust, withAccount, type WriteNeeds } from './writing.ts';

const TITLE = 'Copy Image To';

/** What is copied. */
interface Choice {
  /** Absent = all platforms. */
  readonly platform?: string;
  readonly attached: boolean;
}

/**
 * Copies an image from one registry to another, byte for byte, without storing it: all platforms or
 * one, with what is attached to it if asked.
 */
export const copyImage = command(
  ['source', 'reference', 'target', 'platform', 'referrers'],
  async (argument, needs: WriteNeeds, call) => {
    requireTrust();
    const named = argument.source ?? argument.reference;
    const from = await askReference(named === undefined ? {} : { reference: named }, needs, TITLE);
    if (!from) return undefined;
    const { tag = 'latest' } = from;
    const target =
      argument.target === undefined
        ? await askTarget(TITLE, `${from.registry}/${from.repository}:${tag}`)
        : parseTarget(argument.target);
    if (!target) return undefined;
    const given = argument.platform === undefined ? {} : { platform: argument.platform };
    const choice: Choice | undefined = call.interactive
      ? await askWhat(from, argument.platform, needs, call)
      : { ...given, attached: argument.referrers === true };
    if (!choice) return undefined;
    const source = await needs.registries.clientFor(from.registry);
    const version = await versionOf(from, choice, needs, call);
    const title = imageName(from, needs.registries);
    const { repository } = from;
    const { attached } = choice;
    return publishTo(
      { source, repository, version, title, attached, origin: from, notes: [] },
      target,
      'Copy',
      needs,
      call,
    );
  },
);

/** Returns the tag or digest to copy: one platform's own manifest, or everything. */
async function versionOf(from: Reference, { platform }: Choice, { lookup }: WriteNeeds, call: Call): Promise<string> {
  if (platform === undefined) return wantedVersion(from);
  return withAccount(call, () =>
    withNotification(`Looking up ${formatReference(from)}`, async signal => {
      const { manifestDigest } = await lookup.resolve(from, platform, signal);
      return manifestDigest;
    }),
  );
}

async function askWhat(
  from: Reference,
  platform: string | undefined,
  { lookup }: WriteNeeds,
  call: Call,
): Promise<Choice | undefined> {
  const { manifest } = await withAccount(call, () =>
    withNotification(`Looking up ${formatReference(from)}`, signal => lookup.open(from, signal)),
  );
  const platforms =
    manifest.kind === 'index' ? [...new Set(platformsOf(manifest).map(each => formatPlatform(each.platform)))] : [];
  const scopes: (vscode.QuickPickItem & { readonly choice: Choice })[] = [
    {
      label: 'Image',
      description: platforms.length > 0 ? `all ${platforms.length} platforms` : '',
      choice: { attached: false },
    },
    {
      label: 'Image and Attached Documents',
      description: 'with its signatures, SBOMs and other referrers',
      choice: { attached: true },
    },
    ...platforms.map(each => ({
      label: each,
      description: 'this platform only; the digest is that of its own manifest',
      choice: { platform: each, attached: false },
    })),
  ];
  const chosen = platform === undefined ? undefined : scopes.find(({ choice }) => choice.platform === platform);
  if (chosen) return chosen.choice;
  return (await vscode.window.showQuickPick(scopes, { title: TITLE, placeHolder: 'What to copy' }))?.choice;
}
