import * as vscode from 'vscode';
import { touches, type ImageName } from '../../imageNames/imageName.ts';
import { isVersion } from '../../imageNames/newestTag.ts';
import { familiarName, formatReference, type Reference } from '../../oci/reference.ts';
import { withSignal } from '../common/cancellation.ts';
import { describeFailure } from '../common/failures.ts';
import { COMMANDS } from '../common/ids.ts';
import { describeFacts, HoverText, versionOf } from './hoverText.ts';
import { argumentFor } from './links.ts';
import { rangeOf } from './namesIn.ts';
import type { EditorParts } from './editorParts.ts';

// Three hovers on one name: VS Code shows each as it arrives, so the first never waits for a
// registry, and the second never for a long list of tags.

/** Shows what the file says, and links. Sends no request. */
export function localHover(
  { names, askPolicy }: EditorParts,
  document: vscode.TextDocument,
  position: vscode.Position,
): vscode.Hover | undefined {
  const name = names.at(document, position);
  if (!name) return undefined;
  const { reference, platform } = name;
  if (!reference) return name.written.includes('$') ? hoverOn(document, position, name, unknownText()) : undefined;
  const argument = argumentFor(reference, platform);
  const text = new HoverText().line(formatReference(reference), '**');
  if (name.written.includes('$')) text.line('With the defaults that this file gives its variables.');
  text.links(
    ['Open', COMMANDS.openImage, argument],
    ...(name.kind === 'image'
      ? ([
          ['Files', COMMANDS.findFile, argument],
          ['Details', COMMANDS.showImagePage, argument],
        ] as const)
      : []),
  );
  const { registry } = reference;
  if (askPolicy.accessTo(name) === 'click') text.links([`Ask ${registry}`, COMMANDS.askRegistry, { registry }]);
  return hoverOn(document, position, name, text);
}

/** Asks the registry about the name and shows the answer. */
export async function imageHover(
  { names, askPolicy, answers }: EditorParts,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.Hover | undefined> {
  const name = names.at(document, position);
  if (!name?.reference || askPolicy.accessTo(name) !== 'ask') return undefined;
  const { reference, platform } = name;
  const text = new HoverText();
  try {
    const facts = await withSignal(token, signal => answers.facts(reference, platform, signal));
    describeFacts(text, reference, facts, Date.now());
  } catch (error) {
    const { cancelled, message } = describeFailure(error);
    if (cancelled || token.isCancellationRequested) return undefined;
    text.line(message);
  }
  return hoverOn(document, position, name, text);
}

/** Asks for the repository's tags and shows a newer one of the same kind. */
export async function newerHover(
  { names, askPolicy, answers }: EditorParts,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.Hover | undefined> {
  const name = names.at(document, position);
  if (!name?.reference || name.kind !== 'image' || askPolicy.accessTo(name) !== 'ask') return undefined;
  const { reference, platform } = name;
  if (reference.tag === undefined || !isVersion(reference.tag)) return undefined;
  try {
    const newest = await withSignal(token, signal => answers.newest(reference, platform, false, signal));
    if (!newest) return undefined;
    const right: Reference = { registry: reference.registry, repository: reference.repository, tag: newest.tag };
    const comparison = { left: argumentFor(reference, platform), right: argumentFor(right, platform) };
    const text = new HoverText()
      .line(`${familiarName(right)} is newer than ${versionOf(reference)}`)
      .links(['Compare with newest', COMMANDS.compareImages, comparison]);
    return hoverOn(document, position, name, text);
  } catch {
    // The hover about the image says what fails.
    return undefined;
  }
}

function unknownText(): HoverText {
  return new HoverText().line('This name has variables without a default in this file.');
}

function hoverOn(
  document: vscode.TextDocument,
  position: vscode.Position,
  name: ImageName,
  text: HoverText,
): vscode.Hover {
  const offset = document.offsetAt(position);
  const span = name.spans.find(each => touches({ ...name, spans: [each] }, offset));
  return new vscode.Hover(text.end(), span && rangeOf(document, span));
}
