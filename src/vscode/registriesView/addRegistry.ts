import * as vscode from 'vscode';
import { InsecureRefusedError, RegistryError, TlsError } from '../../registry/errors.ts';
import { command } from '../command/command.ts';
import type { CommandArgument } from '../common/argument.ts';
import { InvalidSettingError } from '../common/errors.ts';
import { COMMANDS } from '../common/ids.ts';
import { offer, runCommand } from '../common/offer.ts';
import { withNotification } from '../common/progress.ts';
import type { Views } from '../common/reveal.ts';
import { probeRegistry, type Finding } from '../registries/probeRegistry.ts';
import type { Registries } from '../registries/registries.ts';
import type { Configuration } from '../settings/configuration.ts';
import { parseRegistry, type RegistrySetting } from '../settings/settings.ts';
import { askTrust } from './askTrust.ts';

interface AddNeeds {
  readonly views: Views;
  readonly configuration: Configuration;
  readonly registries: Registries;
}

/** Probes an address, and adds it to the list of registries. */
export const addRegistry = command(
  ['url', 'name', 'insecure', 'mirrors', 'ca', 'cert', 'key'],
  async (argument, needs: AddNeeds, call) => {
    const typed = argument.url === undefined ? await ask(needs.registries) : settingFrom(argument);
    if (!typed) return;
    const found = call.interactive ? await probeInteractively(typed, needs) : await probe(typed, needs);
    if (!found) return;
    await needs.configuration.addRegistry(found.setting);
    if (!call.interactive) return;
    reportAdded(found);
    await needs.views.revealRegistry(found.setting.name);
  },
);

interface Found {
  readonly setting: RegistrySetting;
  /** Absent if the address didn't answer and the user adds it anyway. */
  readonly finding?: Finding;
}

function settingFrom({ url, name, insecure, mirrors, ca, cert, key }: CommandArgument): RegistrySetting {
  return parseRegistry({ url, name, insecure, mirrors, ca, cert, key }, 'registries');
}

async function ask(registries: Registries): Promise<RegistrySetting | undefined> {
  const url = await vscode.window.showInputBox({
    title: 'Add Registry',
    prompt: "The registry's address, optionally with a port and a path",
    placeHolder: 'ghcr.io, https://registry.example.com:5000, https://host/artifactory/api/docker/repo',
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? undefined : problemOf({ url: text })),
  });
  if (url === undefined || url.trim() === '') return undefined;
  const setting = parseRegistry({ url }, 'registries');
  const taken = registries.list().some(other => other.name === setting.name && other.url !== setting.url);
  if (!taken && new URL(setting.url).pathname === '/') return setting;
  const name = await vscode.window.showInputBox({
    title: 'Add Registry',
    prompt: taken
      ? `Prefix for image references, because ${setting.name} is already listed with another address`
      : 'Prefix for image references, or a display name',
    value: taken ? '' : setting.name,
    ignoreFocusOut: true,
    validateInput: text =>
      problemOf({ url, name: text.trim() }) ?? (taken ? problemOfOther(text.trim(), setting) : undefined),
  });
  return name === undefined ? undefined : parseRegistry({ url, name: name.trim() }, 'registries');
}

/** A second registry at the same address needs a name that tells references apart. */
function problemOfOther(name: string, { name: taken, url }: RegistrySetting): string | undefined {
  const problem = 'Enter a name that references can begin with, such as "company.example"';
  return parseRegistry({ url, name }, 'registries').name === taken ? problem : undefined;
}

function problemOf(entry: object): string | undefined {
  try {
    parseRegistry(entry, 'registries');
    return undefined;
  } catch (error) {
    // The user is typing an address, not editing a setting.
    if (error instanceof InvalidSettingError) return 'Not a valid registry address or name';
    return error instanceof Error ? error.message : String(error);
  }
}

async function probe(setting: RegistrySetting, { registries }: AddNeeds): Promise<Found> {
  const client = await registries.tryClient(setting);
  const finding = await withNotification(`Connecting to ${setting.url}`, signal => probeRegistry(client, signal));
  return { setting, finding };
}

/** Probes until the address answers, or the user adds it anyway or gives up. */
async function probeInteractively(first: RegistrySetting, needs: AddNeeds): Promise<Found | undefined> {
  let setting = first;
  for (;;) {
    try {
      return await probe(setting, needs);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      const next = await askAfter(error, setting);
      if (next === undefined) return undefined;
      if (next === setting) return { setting };
      setting = next;
    }
  }
}

/** The setting to try next; the same one = add it as it is. */
async function askAfter(error: RegistryError, setting: RegistrySetting): Promise<RegistrySetting | undefined> {
  const trust = 'Trust…';
  const anyway = 'Add Anyway';
  const again = 'Retry';
  const untrusted = error instanceof TlsError || error instanceof InsecureRefusedError;
  const chosen = await vscode.window.showWarningMessage(error.message, ...(untrusted ? [trust] : [again]), anyway);
  if (chosen === trust) return askTrust(setting, error.message);
  if (chosen === again) return { ...setting };
  return chosen === anyway ? setting : undefined;
}

function reportAdded({ setting, finding }: Found): void {
  const registry = setting.name;
  const added = setting.label ?? registry;
  const message = finding
    ? `Added ${added}. ${finding.text}`
    : `Added ${added}, but it isn't responding yet. Expand it in the Registries view to retry.`;
  offer(message, {
    ...(finding?.access === 'account' ? { 'Sign In…': runCommand(COMMANDS.signIn, { registry }) } : {}),
    ...(finding?.catalog === 'listed' ? {} : { 'Open Image…': runCommand(COMMANDS.openImage, {}) }),
  });
}
