import type { TextDocument } from 'vscode';
import { fileKind, type FileKind } from '../../imageNames/fileKind.ts';

/** Returns what kind of file a document is, if Peel finds names in it. */
export function kindOf(document: TextDocument): FileKind | undefined {
  return fileKind(document.uri.path, document.languageId, () => document.getText());
}
