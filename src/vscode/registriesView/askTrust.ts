import * as vscode from 'vscode';
import type { RegistrySetting } from '../settings/settings.ts';

/**
 * Prompts for how to trust a registry. Choices that weaken security are described plainly and
 * confirmed.
 * @returns the setting with the answer; `undefined` if the user dismisses a prompt
 */
export async function askTrust(setting: RegistrySetting, reason: string): Promise<RegistrySetting | undefined> {
  const file = {
    label: '$(file) Choose a certificate file…',
    detail: "The CA certificate (PEM) that signed the registry's certificate.",
  };
  const any = {
    label: '$(unlock) Accept any certificate',
    detail: "The connection is encrypted, but the server's identity isn't verified.",
  };
  const plain = {
    label: '$(warning) Use unencrypted HTTP',
    detail: 'Nothing is encrypted: anyone on the network can read and modify traffic, including passwords.',
  };
  const secure = {
    label: '$(lock) Require a trusted certificate',
    detail: 'Connects over HTTPS only, with a certificate that this machine trusts.',
  };
  const weaker = setting.url.startsWith('https:') ? [file, any, plain] : [plain];
  const items = setting.insecure || setting.ca !== undefined ? [secure, ...weaker] : weaker;
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Trust ${setting.label ?? setting.name}`,
    placeHolder: reason,
    ignoreFocusOut: true,
  });
  if (chosen === secure) return secured(setting);
  if (chosen === file) return withFile(setting);
  if (chosen === undefined || !(await confirm(setting.name, chosen.detail))) return undefined;
  const url = chosen === plain ? setting.url.replace(/^https:/, 'http:') : setting.url;
  return { ...setting, url, insecure: true };
}

/** Takes back what {@link askTrust} allowed. */
function secured({ ca: _ca, ...setting }: RegistrySetting): RegistrySetting {
  // Registries on this machine rarely speak HTTPS, and their traffic doesn't leave it.
  const local = /^http:\/\/(localhost|127\.|\[::1\])/.test(setting.url);
  return { ...setting, url: local ? setting.url : setting.url.replace(/^http:/, 'https:'), insecure: false };
}

async function withFile(setting: RegistrySetting): Promise<RegistrySetting | undefined> {
  const filters = { Certificates: ['pem', 'crt', 'cer', 'ca-bundle'], 'All files': ['*'] };
  const [file] =
    (await vscode.window.showOpenDialog({ title: `Certificate for ${setting.name}`, openLabel: 'Trust', filters })) ??
    [];
  return file && { ...setting, ca: file.fsPath };
}

async function confirm(name: string, detail: string): Promise<boolean> {
  const trust = 'Trust';
  return (await vscode.window.showWarningMessage(`Trust ${name} this way?`, { modal: true, detail }, trust)) === trust;
}
