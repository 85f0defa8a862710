import { basename } from 'node:path';
import * as vscode from 'vscode';
import { parseReference, type Reference } from '../../oci/reference.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import type { CommandArgument } from '../common/argument.ts';
import { registryNamed } from '../registries/registryName.ts';
import type { CommandServices } from '../features.ts';
import { absolutePath } from '../common/workspacePaths.ts';

// Each question answers `undefined` when the user left it: the command then ends without a word.

/** The image that a command is about: the argument's, else asked for. @throws {InvalidReferenceError} */
export async function askReference(argument: CommandArgument, title: string): Promise<Reference | undefined> {
  if (argument.reference !== undefined) return parseReference(argument.reference);
  const text = await vscode.window.showInputBox({
    title,
    prompt: 'Image reference. Pull commands and registry addresses may be pasted as they are.',
    placeHolder: 'busybox, ghcr.io/owner/name:tag, 127.0.0.1:5000/name@sha256:…',
    ignoreFocusOut: true,
    validateInput: problemOfReference,
  });
  return text === undefined ? undefined : parseReference(text);
}

/** The registry that a command is about, by its name in references; an argument may also give its label or address. @throws {InvalidArgumentError} */
export async function askRegistry(
  argument: CommandArgument,
  { registries }: CommandServices,
  title: string,
): Promise<string | undefined> {
  const entries = registries.list();
  const given = argument.registry;
  if (given !== undefined) return registryNamed(given, entries);
  const picked = await vscode.window.showQuickPick(
    entries.map(({ name, label, url }) => ({ label: label ?? name, description: url, name })),
    { title, placeHolder: entries.length === 0 ? 'No registry is in the list' : 'Registry' },
  );
  return picked?.name;
}

/**
 * The pulled image that a command is about, by its folder.
 * @param which of the images, by whether they are mounted
 * @param damaged offered as well: folders without a description
 */
export async function askImageFolder(
  argument: CommandArgument,
  { images }: CommandServices,
  title: string,
  which: (mounted: boolean) => boolean = () => true,
  damaged: () => Promise<readonly string[]> = async () => [],
): Promise<string | undefined> {
  if (argument.folder !== undefined) return absolutePath(argument.folder);
  const found = (await images.list()).filter(image => which(image.mount.mounted));
  const item = (folder: string, description: string): vscode.QuickPickItem & { readonly detail: string } => ({
    label: basename(folder),
    description,
    detail: folder,
  });
  const items = [
    ...found.map(({ folder, image }) => item(folder, `${image.reference} · ${image.platform}`)),
    ...(await damaged()).map(folder => item(folder, 'its peel.json is damaged')),
  ];
  if (items.length === 0) throw new NoImageError();
  if (items.length === 1) return items[0]?.detail;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Pulled image', matchOnDetail: true }))
    ?.detail;
}

/** One of the platforms that an image is there for, as a text. */
export async function askPlatform(available: readonly Platform[], title: string): Promise<string | undefined> {
  const items = [...new Set(available.map(formatPlatform))];
  return vscode.window.showQuickPick(items, { title, placeHolder: 'Platform' });
}

/** A folder on disk, chosen in a dialog. */
export async function askFolder(title: string, button: string): Promise<string | undefined> {
  const base = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: button,
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    ...(base?.scheme === 'file' ? { defaultUri: base } : {}),
  });
  return chosen?.[0]?.fsPath;
}

/** A command about a pulled image was started, and there is none that it could work on. */
export class NoImageError extends Error {
  constructor() {
    super('There is no pulled image here that this could be done with. Pull one with "Peel: Pull Image…" first.');
    this.name = 'NoImageError';
  }
}

function problemOfReference(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
