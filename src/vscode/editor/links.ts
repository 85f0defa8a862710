import * as vscode from 'vscode';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import { rangeOf } from './namesIn.ts';
import type { EditorParts } from './editorParts.ts';

/** Returns a link into Peel for each name in a document. Sends no request. */
export function links({ names }: Pick<EditorParts, 'names'>, document: vscode.TextDocument): vscode.DocumentLink[] {
  return names.all(document).flatMap(({ reference, spans: [span] }) => {
    if (!reference || !span) return [];
    const target = vscode.Uri.parse(commandLink(COMMANDS.openImage, argumentFor(reference)), true);
    const link = new vscode.DocumentLink(rangeOf(document, span), target);
    link.tooltip = 'Open in Peel';
    return [link];
  });
}

/**
 * Returns the address of a command with an argument as a row has it, so that the command may
 * prompt. It contains nothing that could end a Markdown link, whatever the argument.
 */
export function commandLink(command: string, argument: CommandArgument): string {
  const encoded = encodeURIComponent(JSON.stringify([{ argument }]));
  return `command:${command}?${encoded.replace(/[!'()*]/g, each => `%${each.charCodeAt(0).toString(16)}`)}`;
}

export function argumentFor(reference: Reference, platform?: string): CommandArgument {
  return { reference: formatReference(reference), ...(platform ? { platform } : {}) };
}
