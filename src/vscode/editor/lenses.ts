import * as vscode from 'vscode';
import type { ImageName } from '../../imageNames/imageName.ts';
import type { Reference } from '../../oci/reference.ts';
import { withSignal } from '../common/cancellation.ts';
import { COMMANDS } from '../common/ids.ts';
import type { EditorParts } from './editorParts.ts';
import { summaryOf } from './hoverText.ts';
import { argumentFor } from './links.ts';
import { rangeOf } from './namesIn.ts';

/** A line above a name, filled in when it becomes visible. */
export class ImageLens extends vscode.CodeLens {
  readonly reference: Reference;
  readonly platform: string | undefined;

  constructor(range: vscode.Range, reference: Reference, platform: string | undefined) {
    super(range);
    this.reference = reference;
    this.platform = platform;
  }
}

/** Returns a lens for each name whose registry may be asked. */
export function codeLenses({ names, askPolicy }: EditorParts, document: vscode.TextDocument): vscode.CodeLens[] {
  return names.all(document).flatMap(name => {
    const { reference, platform, spans } = name;
    const [span] = spans;
    if (!reference || !span || name.kind !== 'image' || askPolicy.accessTo(name) !== 'ask') return [];
    return [new ImageLens(rangeOf(document, span), reference, platform)];
  });
}

/** Asks the registry about a visible name. */
export async function resolveCodeLens(
  { answers }: EditorParts,
  lens: vscode.CodeLens,
  token: vscode.CancellationToken,
): Promise<vscode.CodeLens> {
  if (!(lens instanceof ImageLens)) return lens;
  const { reference, platform } = lens;
  const facts = await withSignal(token, signal => answers.facts(reference, platform, signal)).catch(() => undefined);
  const title = (facts && summaryOf(facts, Date.now())) || 'Show Image Page';
  lens.command = {
    title,
    command: COMMANDS.showImagePage,
    arguments: [{ argument: argumentFor(reference, platform) }],
  };
  return lens;
}

/** Returns hints at the ends of names that were asked about before. Sends no request. */
export function inlayHints(
  { names, answers }: EditorParts,
  document: vscode.TextDocument,
  visible: vscode.Range,
): vscode.InlayHint[] {
  return names.all(document).flatMap(({ reference, platform, spans }: ImageName) => {
    const span = spans.at(-1);
    const facts = reference && answers.knownFacts(reference, platform);
    const summary = facts && summaryOf(facts, Date.now());
    if (!span || !summary) return [];
    const { end } = rangeOf(document, span);
    if (!visible.contains(end)) return [];
    const hint = new vscode.InlayHint(end, summary);
    hint.paddingLeft = true;
    return [hint];
  });
}
