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
    label: '$(warning) Use plain http',
    detail: 'Nothing is encrypted: anyone on the network can read and modify traffic, including passwords.',
  };
  const items = setting.url.startsWith('https:') ? [file, any, plain] : [plain];
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Trust ${setting.label ?? setting.name}`,
    placeHolder: reason,
    ignoreFocusOut: true,
  });
  if (chosen === file) return withFile(setting);
  if (chosen === undefined || !(await confirm(setting.name, chosen.detail))) return undefined;
  const url = chosen === plain ? setting.url.replace(/^https:/, 'http:') : setting.url;
  return { ...setting, url, insecure: true };
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
