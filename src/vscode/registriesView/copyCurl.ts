import * as vscode from 'vscode';
import { formatReference, type Reference } from '../../oci/reference.ts';
import { findLayer } from '../../pull/oneLayer.ts';
import type { Challenge } from '../../registry/auth/challenge.ts';
import { askReference } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { choosePlatformFor } from '../command/choosePlatform.ts';
import { command } from '../command/command.ts';
import { withNotification } from '../common/progress.ts';
import type { Registries } from '../registries/registries.ts';
import { type CurlAccess, curlText } from './curlText.ts';

/** Copies the steps of a pull and a mount as terminal commands, without any account. */
export const copyCurl = command(['reference', 'platform', 'layer'], async (argument, needs: ImageNeeds, call) => {
  const title = 'Copy as Shell Script';
  const reference = await askReference(argument, needs, title);
  if (!reference) return undefined;
  const image = await choosePlatformFor(reference, argument.platform, needs.lookup, call, title);
  if (!image) return undefined;
  const access = await accessTo(reference, needs.registries);
  const layer = argument.layer === undefined ? undefined : findLayer(image, argument.layer);
  const text = curlText(image, access, layer);
  await vscode.env.clipboard.writeText(text);
  if (call.interactive) {
    void vscode.window.showInformationMessage(`Copied a shell script that pulls ${formatReference(reference)}.`);
  }
  return text;
});

async function accessTo({ registry }: Reference, registries: Registries): Promise<CurlAccess> {
  const { url, insecure, ca } = registries.settingOf(registry);
  const challenge = await withNotification(`Checking how ${registry} authenticates`, signal =>
    registries.challengeOf(registry, signal),
  );
  const asked = challenge && plain(challenge);
  return { url, insecure, ...(ca === undefined ? {} : { ca }), ...(asked ? { challenge: asked } : {}) };
}

function plain({ scheme, parameters }: Challenge): CurlAccess['challenge'] {
  const { realm, service } = parameters;
  if (scheme !== 'bearer' || realm === undefined) return { scheme: 'basic' };
  return { scheme: 'bearer', realm, ...(service === undefined ? {} : { service }) };
}
