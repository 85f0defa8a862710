import * as vscode from 'vscode';
import type { RunCommand } from '../commandTable.ts';

/** Puts a row's reference on the clipboard, in full. */
export const copyReference: RunCommand = async ({ reference, repository }) => {
  const text = reference ?? repository;
  if (text !== undefined) await vscode.env.clipboard.writeText(text);
  return text;
};
