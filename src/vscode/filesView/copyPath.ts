import * as vscode from 'vscode';
import type { RunCommand } from '../commandTable.ts';

/** Copies the path that a file has in its image, with a slash before it. Only the trees offer it. */
export const copyPath: RunCommand = async ({ path = '' }) => {
  const text = `/${path.replace(/^\/+/, '')}`;
  await vscode.env.clipboard.writeText(text);
  return text;
};
