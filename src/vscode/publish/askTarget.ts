import * as vscode from 'vscode';
import { InvalidReferenceError, isTag, parseReference, type Reference } from '../../oci/reference.ts';

/** A place for an image: a repository and a tag. */
export interface TargetReference extends Reference {
  readonly tag: string;
}

/**
 * Reads a reference to write to. @throws {InvalidReferenceError} also if it names a digest, which
 * is the content's
 */
export function parseTarget(text: string): TargetReference {
  const { registry, repository, tag, digest } = parseReference(text);
  if (digest !== undefined || tag === undefined)
    throw new InvalidReferenceError(text, 'a place to write to has a tag instead of a digest');
  return { registry, repository, tag };
}

/** Prompts for a reference to write to, with the tag of a suggested one selected. */
export async function askTarget(title: string, suggested: string): Promise<TargetReference | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt: 'Registry, repository and tag to write to',
    placeHolder: '127.0.0.1:5000/name:tag, ghcr.io/owner/name:tag',
    value: suggested,
    valueSelection: [suggested.lastIndexOf(':') + 1, suggested.length],
    ignoreFocusOut: true,
    validateInput: text => problemOf(text, parseTarget),
  });
  return typed === undefined || typed.trim() === '' ? undefined : parseTarget(typed);
}

/** Prompts for a tag. */
export async function askTag(title: string, prompt: string): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    validateInput: text => problemOf(text.trim(), checkedTag),
  });
  return typed === undefined || typed.trim() === '' ? undefined : checkedTag(typed.trim());
}

/** @throws {InvalidReferenceError} */
export function checkedTag(text: string): string {
  if (isTag(text)) return text;
  throw new InvalidReferenceError(text, 'a tag has letters, digits, "_", "." and "-", at most 128');
}

function problemOf(text: string, parse: (text: string) => unknown): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
