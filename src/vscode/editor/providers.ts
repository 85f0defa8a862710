import type * as vscode from 'vscode';
import { codeActions, resolveCodeAction } from './codeActions.ts';
import { completions, resolveCompletion } from './completion.ts';
import type { EditorNeeds, EditorParts } from './editorParts.ts';
import { imageHover, localHover, newerHover } from './hover.ts';
import { ImageAnswers } from './imageAnswers.ts';
import { codeLenses, inlayHints, resolveCodeLens } from './lenses.ts';
import { links } from './links.ts';
import { NamesIn } from './namesIn.ts';

/** The features of editors of files with image names. */
export class EditorProviders {
  readonly #parts: EditorParts;

  constructor(needs: EditorNeeds) {
    this.#parts = { ...needs, names: new NamesIn(), answers: new ImageAnswers(needs) };
  }

  localHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    return localHover(this.#parts, document, position);
  }

  imageHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    return imageHover(this.#parts, document, position, token);
  }

  newerHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    return newerHover(this.#parts, document, position, token);
  }

  links(document: vscode.TextDocument): vscode.DocumentLink[] {
    return links(this.#parts, document);
  }

  completions(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.CompletionList | undefined> {
    return completions(this.#parts, document, position, token);
  }

  resolveCompletion(item: vscode.CompletionItem, token: vscode.CancellationToken): Promise<vscode.CompletionItem> {
    return resolveCompletion(this.#parts, item, token);
  }

  codeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    return codeActions(this.#parts, document, range);
  }

  resolveCodeAction(action: vscode.CodeAction, token: vscode.CancellationToken): Promise<vscode.CodeAction> {
    return resolveCodeAction(this.#parts, action, token);
  }

  codeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return codeLenses(this.#parts, document);
  }

  resolveCodeLens(lens: vscode.CodeLens, token: vscode.CancellationToken): Promise<vscode.CodeLens> {
    return resolveCodeLens(this.#parts, lens, token);
  }

  inlayHints(document: vscode.TextDocument, visible: vscode.Range): vscode.InlayHint[] {
    return inlayHints(this.#parts, document, visible);
  }
}
