import * as vscode from 'vscode';
import { shownPath } from '../../browse/tree/shownPath.ts';
import type { InstalledPackage } from '../../packages/package.ts';
import { count, dotted, plainText } from '../common/text.ts';
import { fileUri } from '../files/fileUri.ts';
import { PACKAGE_KINDS } from '../files/packageKinds.ts';
import type { ChosenPackages } from './choosePackages.ts';

interface PackageItem extends vscode.QuickPickItem {
  readonly path?: string;
}

/** Prompts for a package, filtered by typing, and opens the file that records it. */
export async function pickPackage({ image, found }: ChosenPackages, title: string): Promise<void> {
  const items: PackageItem[] = [];
  for (const [type, packages] of Map.groupBy(found.packages, one => one.type)) {
    items.push({ label: PACKAGE_KINDS[type], kind: vscode.QuickPickItemKind.Separator }, ...packages.map(itemFor));
  }
  const number = found.packages.length;
  const picked = await vscode.window.showQuickPick(items, {
    title: plainText(title),
    placeHolder: dotted(
      number === 0 ? 'No packages found' : `${count(number, 'package')}: type a name, version or license`,
      plainText(found.os?.name ?? ''),
      found.notes.length > 0 && `not everything could be read; see the image’s page`,
    ),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked?.path === undefined) return;
  const uri = fileUri(image, picked.path);
  await vscode.commands.executeCommand('vscode.open', uri);
}

function itemFor({ name, version, arch, license, layer, path, inside }: InstalledPackage): PackageItem {
  return {
    label: plainText(name),
    description: plainText(dotted(version, arch, license), 300),
    detail: dotted(`Layer ${layer}`, plainText(shownPath(path), 300), plainText(inside ?? '', 300)),
    path,
  };
}
