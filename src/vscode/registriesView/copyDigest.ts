import * as vscode from 'vscode';
import { askReference } from '../command/ask.ts';
import { withNotification } from '../common/progress.ts';
import type { RunCommand } from '../commandTable.ts';

/** Puts a digest on the clipboard: the row's own, else the one that the reference names now. */
export const copyDigest: RunCommand = async (argument, { lookup }) => {
  const digest = argument.digest ?? (await ask());
  if (digest !== undefined) await vscode.env.clipboard.writeText(digest);
  return digest;

  async function ask(): Promise<string | undefined> {
    const reference = await askReference(argument, 'Copy Digest');
    if (!reference) return undefined;
    return (await withNotification('Asking the registry for the digest', signal => lookup.open(reference, signal)))
      .digest;
  }
};
