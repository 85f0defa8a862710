import * as vscode from 'vscode';
import { withVersion, type ImageName } from '../../imageNames/imageName.ts';
import { isVersion } from '../../imageNames/newestTag.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import { withSignal } from '../common/cancellation.ts';
import { describeFailure } from '../common/failures.ts';
import { COMMANDS } from '../common/ids.ts';
import type { EditorParts } from './editorParts.ts';
import { rangeOf } from './namesIn.ts';

type Change = 'pin' | 'newest' | 'newestSuffix';
type Version = { readonly tag?: string; readonly digest?: string };

/** An action whose edit needs an answer of the registry, and is made when the user chooses it. */
export class VersionAction extends vscode.CodeAction {
  readonly document: vscode.TextDocument;
  readonly name: ImageName & { readonly reference: Reference };
  readonly change: Change;

  constructor(
    title: string,
    document: vscode.TextDocument,
    name: ImageName & { readonly reference: Reference },
    change: Change,
  ) {
    super(title, vscode.CodeActionKind.RefactorRewrite);
    this.document = document;
    this.name = name;
    this.change = change;
  }
}

/** Offers to pin or update the name at a range. Sends no request. */
export function codeActions(
  { names, askPolicy }: EditorParts,
  document: vscode.TextDocument,
  { start }: vscode.Range,
): vscode.CodeAction[] {
  const name = names.at(document, start);
  if (!name?.reference || name.kind !== 'image' || !name.edit) return [];
  const { reference, edit } = name;
  const access = askPolicy.accessTo(name);
  if (access === 'never') return [];
  if (access === 'click') return [askAction(reference.registry)];
  const action = (title: string, change: Change): vscode.CodeAction =>
    new VersionAction(title, document, { ...name, reference }, change);
  const canPin = edit.form === 'whole' || edit.digest !== undefined;
  const canUpdate = reference.tag !== undefined && isVersion(reference.tag) && (edit.form === 'whole' || edit.tag);
  return [
    ...(canPin && !reference.digest ? [action('Pin to Digest', 'pin')] : []),
    ...(canPin && reference.digest && reference.tag ? [action('Update Pinned Digest', 'pin')] : []),
    ...(canUpdate ? [action('Update to Newest Tag of the Same Kind', 'newest')] : []),
    ...(canUpdate && /-.*\d/.test(reference.tag)
      ? [action('Update to Newest Tag with a Newer Suffix', 'newestSuffix')]
      : []),
  ];
}

/** Asks the registry and fills in the edit. Says so where there is nothing to change. */
export async function resolveCodeAction(
  parts: EditorParts,
  action: vscode.CodeAction,
  token: vscode.CancellationToken,
): Promise<vscode.CodeAction> {
  if (!(action instanceof VersionAction) || parts.askPolicy.accessTo(action.name) !== 'ask') return action;
  const { document, name } = action;
  try {
    const version = await withSignal(token, signal => versionFor(parts, action, signal));
    const edit = version && editOf(document, name, version);
    if (edit) action.edit = edit;
    if (!version) void vscode.window.showInformationMessage(`${familiarName(name.reference)} is already up to date.`);
  } catch (error) {
    const { cancelled, message } = describeFailure(error);
    if (!cancelled) void vscode.window.showErrorMessage(message);
  }
  return action;
}

async function versionFor(
  { answers }: EditorParts,
  { name: { reference, platform }, change }: VersionAction,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const { registry, repository, tag, digest } = reference;
  if (change === 'pin') {
    const { digest: current } = await answers.facts({ registry, repository, tag: tag ?? 'latest' }, platform, signal);
    return current === digest ? undefined : { digest: current };
  }
  const newest = await answers.newest(reference, platform, change === 'newestSuffix', signal);
  // A name that was pinned stays pinned.
  return newest && { tag: newest.tag, ...(digest ? { digest: newest.facts.digest } : {}) };
}

/** Only where the document still has the name; typing may have moved it. */
function editOf(
  document: vscode.TextDocument,
  { edit, spans, written }: ImageName,
  version: Version,
): vscode.WorkspaceEdit | undefined {
  const result = new vscode.WorkspaceEdit();
  const [span] = spans;
  if (edit?.form === 'whole' && span) {
    const range = rangeOf(document, span);
    if (document.getText(range) !== written) return undefined;
    result.replace(document.uri, range, withVersion(written, version));
    return result;
  }
  if (edit?.form !== 'parts') return undefined;
  if (edit.tag && version.tag) result.replace(document.uri, rangeOf(document, edit.tag), version.tag);
  if (edit.digest && version.digest) result.replace(document.uri, rangeOf(document, edit.digest), version.digest);
  return result;
}

function askAction(registry: string): vscode.CodeAction {
  const action = new vscode.CodeAction(`Ask ${registry}`, vscode.CodeActionKind.RefactorRewrite);
  action.command = { title: action.title, command: COMMANDS.askRegistry, arguments: [{ argument: { registry } }] };
  return action;
}
