import * as vscode from 'vscode';
import type { RegistrySetting } from '../settings/settings.ts';

/**
 * Asks how a registry that cannot be trusted as it is shall be. What weakens security is said in plain words, and asked twice.
 * @returns the setting with the answer in it; `undefined` when the user left the question
 */
export async function askTrust(setting: RegistrySetting, reason: string): Promise<RegistrySetting | undefined> {
  const file = {
    label: '$(file) Choose a certificate file…',
    detail: "The certificate (PEM) of the authority that signed the registry's.",
  };
  const any = {
    label: '$(unlock) Accept any certificate',
    detail: 'The connection is encrypted, but nobody vouches for who answers.',
  };
  const plain = {
    label: '$(warning) Use plain http',
    detail: 'Nothing is encrypted: everybody on the way can read and change what is sent, passwords too.',
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
  const accept = 'Accept';
  return (
    (await vscode.window.showWarningMessage(`Trust ${name} like this?`, { modal: true, detail }, accept)) === accept
  );
}
