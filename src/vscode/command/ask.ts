import { basename } from 'node:path';
import * as vscode from 'vscode';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { absolutePath } from '../common/workspacePaths.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { Registries } from '../registries/registries.ts';
import { registryNamed } from '../registries/registryName.ts';
import type { NameSources } from './completions.ts';

// Every prompt returns `undefined` when the user dismisses it; the command then ends silently.

/** Returns the argument's reference, or prompts for one. @throws {InvalidReferenceError} */
export async function askReference(
  argument: Pick<CommandArgument, 'reference'>,
  sources: NameSources,
  title: string,
): Promise<Reference | undefined> {
  if (argument.reference !== undefined) return parseReference(argument.reference);
  const { pickReference } = await import('./pickReference.ts');
  const text = await pickReference({ title }, sources);
  return text === undefined ? undefined : parseReference(text);
}

/**
 * Returns a registry's name in references, or prompts for one. The argument may also give its label
 * or address. @throws {InvalidArgumentError}
 */
export async function askRegistry(
  argument: Pick<CommandArgument, 'registry'>,
  registries: Pick<Registries, 'list'>,
  title: string,
): Promise<string | undefined> {
  const entries = registries.list();
  const given = argument.registry;
  if (given !== undefined) return registryNamed(given, entries);
  const picked = await vscode.window.showQuickPick(
    entries.map(({ name, label, url }) => ({ label: label ?? name, description: url, name })),
    { title, placeHolder: entries.length === 0 ? 'No registries are configured' : 'Registry' },
  );
  return picked?.name;
}

/** A pulled image in any state, or only a mounted or an unmounted one. */
type WantedImage = 'image' | 'mounted' | 'unmounted';

const NO_IMAGE: Readonly<Record<WantedImage, string>> = {
  image: 'No pulled images found. Pull an image first.',
  mounted: 'No image is mounted.',
  unmounted: 'All pulled images are already mounted.',
};

/**
 * Returns a pulled image's folder, or prompts for one.
 * @param wanted which of the images to offer
 * @param damaged further folders to offer: those whose description is damaged
 */
export async function askImageFolder(
  argument: Pick<CommandArgument, 'folder'>,
  images: Pick<PulledImages, 'list'>,
  title: string,
  wanted: WantedImage = 'image',
  damaged: () => Promise<readonly string[]> = async () => [],
): Promise<string | undefined> {
  if (argument.folder !== undefined) return absolutePath(argument.folder);
  const pulled = await images.list();
  const found = pulled.filter(image => wanted === 'image' || image.mount.mounted === (wanted === 'mounted'));
  const item = (folder: string, description: string): vscode.QuickPickItem & { readonly detail: string } => ({
    label: basename(folder),
    description,
    detail: folder,
  });
  const items = [
    ...found.map(({ folder, image }) => item(folder, `${image.reference} · ${image.platform}`)),
    ...(await damaged()).map(folder => item(folder, 'peel.json is damaged')),
  ];
  if (items.length === 0) throw new NoImageError(pulled.length === 0 ? 'image' : wanted);
  if (items.length === 1) return items[0]?.detail;
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Pulled image', matchOnDetail: true }))
    ?.detail;
}

/** Prompts for one of an image's platforms, and returns it formatted. */
export async function askPlatform(available: readonly Platform[], title: string): Promise<string | undefined> {
  const items = [...new Set(available.map(formatPlatform))];
  return vscode.window.showQuickPick(items, { title, placeHolder: 'Platform' });
}

/** Prompts for a folder on disk. */
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

/** Prompts for the path of a folder to create, suggesting one with its last part selected. */
export async function askNewFolder(title: string, prompt: string, suggested: string): Promise<string | undefined> {
  const typed = await vscode.window.showInputBox({
    title,
    prompt,
    value: suggested,
    valueSelection: [suggested.length - basename(suggested).length, suggested.length],
    ignoreFocusOut: true,
  });
  return typed === undefined || typed.trim() === '' ? undefined : absolutePath(typed.trim());
}

/** The command needs a pulled image, perhaps in a certain state, and there is none. */
export class NoImageError extends Error {
  /** @param wanted what the command needs; `image` = any pulled image */
  constructor(wanted: WantedImage) {
    super(NO_IMAGE[wanted]);
    this.name = 'NoImageError';
  }
}
