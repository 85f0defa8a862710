import * as vscode from 'vscode';
import { findNames } from '../../imageNames/findNames.ts';
import { touches, type ImageName, type Span } from '../../imageNames/imageName.ts';
import { kindOf } from './kindOf.ts';

interface Known {
  readonly version: number;
  readonly names: readonly ImageName[];
}

/** The image names of open documents, found once per version. */
export class NamesIn {
  readonly #known = new WeakMap<vscode.TextDocument, Known>();

  all(document: vscode.TextDocument): readonly ImageName[] {
    const known = this.#known.get(document);
    if (known?.version === document.version) return known.names;
    const kind = kindOf(document);
    const names = kind === undefined ? [] : findNames(kind, document.getText());
    this.#known.set(document, { version: document.version, names });
    return names;
  }

  /** Returns the name at a position, or where one is being typed. */
  at(document: vscode.TextDocument, position: vscode.Position): ImageName | undefined {
    const offset = document.offsetAt(position);
    return this.all(document).find(name => touches(name, offset));
  }
}

export function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
