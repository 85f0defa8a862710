import * as vscode from 'vscode';
import { familiarName, type Reference } from '../../oci/reference.ts';
import type { Policy, SignatureReport, VerifiedImage } from '../../trust/verifyImage.ts';
import { plainText } from '../common/text.ts';
import { labelOf } from './attachedLabel.ts';
import { policyOf } from './policy.ts';

interface PolicyItem extends vscode.QuickPickItem {
  readonly choose: () => Promise<Policy | undefined>;
}

/**
 * Asks who should have signed an image: one of the signers that were found, another identity, or
 * the owner of a public key. `undefined` when the user dismissed it.
 * @param found the signatures as they verify without a named signer
 */
export async function askPolicy(
  reference: Reference,
  found: VerifiedImage,
  given: Policy,
): Promise<Policy | undefined> {
  const chosen = await vscode.window.showQuickPick<PolicyItem>(
    [
      ...signersOf(found.signatures, given),
      { kind: vscode.QuickPickItemKind.Separator, label: '', choose: async () => undefined },
      { label: '$(key) Public Key…', description: 'a file such as cosign.pub', choose: () => askKey(given) },
      {
        label: '$(account) Other Identity…',
        description: 'a workflow or an email address',
        choose: () => askIdentity(given),
      },
    ],
    {
      title: `Verify Signature of ${familiarName(reference)}`,
      placeHolder: 'Who should have signed this image?',
      ignoreFocusOut: true,
    },
  );
  return chosen?.choose();
}

function signersOf(signatures: readonly SignatureReport[], given: Policy): readonly PolicyItem[] {
  const named = signatures.filter(({ signer, issuer }) => signer !== undefined && issuer !== undefined);
  const once = new Map(named.map(report => [`${report.signer} ${report.issuer}`, report]));
  return [...once.values()].map(({ signer = '', issuer = '', kind }) => ({
    label: `$(verified) ${plainText(signer, 200)}`,
    description: labelOf(kind).label.toLowerCase(),
    detail: `identity confirmed by ${plainText(issuer, 200)}`,
    choose: async () => ({ ...given, identity: signer, issuer }),
  }));
}

async function askKey(given: Policy): Promise<Policy | undefined> {
  const files = await vscode.window.showOpenDialog({
    title: 'Verify with Public Key',
    openLabel: 'Use Key',
    filters: { 'Public keys': ['pub', 'pem'], 'All files': ['*'] },
  });
  const file = files?.[0]?.fsPath;
  return file === undefined ? undefined : { ...(await policyOf({ key: file })), roots: given.roots };
}

async function askIdentity(given: Policy): Promise<Policy | undefined> {
  const identity = await vscode.window.showInputBox({
    title: 'Expected Signer (1/2)',
    prompt: 'The identity in the certificate, exactly',
    placeHolder: 'https://github.com/owner/name/.github/workflows/release.yml@refs/tags/v1 or name@example.com',
    ignoreFocusOut: true,
  });
  if (!identity) return undefined;
  const issuer = await vscode.window.showInputBox({
    title: 'Expected Signer (2/2)',
    prompt: 'The issuer that confirms the identity, exactly',
    value: identity.startsWith('https://github.com/') ? 'https://token.actions.githubusercontent.com' : '',
    placeHolder: 'https://accounts.google.com',
    ignoreFocusOut: true,
  });
  return issuer ? { ...given, identity: identity.trim(), issuer: issuer.trim() } : undefined;
}
