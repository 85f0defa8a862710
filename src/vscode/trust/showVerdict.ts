import * as vscode from 'vscode';
import { shortDigest } from '../../oci/digest.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import type { Policy, SignatureReport, VerifiedImage } from '../../trust/verifyImage.ts';
import { plainText } from '../common/text.ts';
import { labelOf } from './attachedLabel.ts';

const ICONS: Readonly<Record<SignatureReport['verdict'], string>> = {
  valid: '$(verified-filled)',
  otherSigner: '$(warning)',
  unverifiable: '$(question)',
  invalid: '$(error)',
};

/** Reports a verdict, without waiting for the user to read it. */
export function showVerdict(reference: Reference, verified: VerifiedImage, policy: Policy): void {
  const name = familiarName(reference);
  const message = messageOf(name, verified);
  const show =
    verified.verdict === 'invalid'
      ? vscode.window.showErrorMessage
      : verified.verdict === 'valid' || verified.verdict === 'none'
        ? vscode.window.showInformationMessage
        : vscode.window.showWarningMessage;
  const details = 'Show Signatures';
  void show(message, ...(verified.signatures.length > 0 ? [details] : [])).then(async chosen => {
    if (chosen === details) await listSignatures(name, verified, policy);
  });
}

/** Says no more than was checked: the digest, not the tag, and no claim that the image is safe. */
function messageOf(name: string, { verdict, digest, signatures }: VerifiedImage): string {
  const [first] = signatures.filter(report => report.verdict === verdict);
  const reason = first?.reason ? ` ${plainText(first.reason, 300)}.` : '';
  const by = first?.issuer ? `${first.signer}, confirmed by ${first.issuer}` : 'the owner of the public key';
  const image = `${name} (${shortDigest(digest)})`;
  const messages: Readonly<Record<VerifiedImage['verdict'], string>> = {
    valid: `${image} was signed by ${plainText(by, 400)}.`,
    otherSigner: `${image} has a valid signature, but not by the signer that you named.${reason}`,
    unverifiable: `The signatures of ${name} can't be checked.${reason}`,
    invalid: `A signature of ${name} is invalid.${reason}`,
    none: `${name} isn't signed: no signature is attached to it.`,
  };
  return messages[verdict];
}

async function listSignatures(name: string, { signatures }: VerifiedImage, { roots }: Policy): Promise<void> {
  const items = signatures.map(({ kind, verdict, signer, issuer, time, covers, reason }) => ({
    label: `${ICONS[verdict]} ${labelOf(kind).label}`,
    description: plainText([signer, issuer && `confirmed by ${issuer}`, time].filter(Boolean).join(' · '), 400),
    detail: plainText([reason, `covers ${covers}`].filter(Boolean).join(' · '), 400),
  }));
  await vscode.window.showQuickPick(items, {
    title: `Signatures of ${name}`,
    placeHolder: `Checked offline, with ${roots.origin}`,
    matchOnDescription: true,
  });
}
