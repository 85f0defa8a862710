import { commands, Uri, ViewColumn, workspace } from 'vscode';
import type { CommandArgument } from '../common/argument.ts';
import { copyText } from '../common/copied.ts';
import { COMMANDS, ROW_COMMANDS } from '../common/ids.ts';
import { count } from '../common/text.ts';
import { LayerNode } from '../filesView/layerNode.ts';
import { PulledImageNode } from '../imagesView/pulledImageNode.ts';
import { PulledLayerNode } from '../imagesView/pulledLayerNode.ts';
import { RegistryNode } from '../registriesView/registryNode.ts';
import { FailureNode } from '../tree/failureNode.ts';
import type { TreeNode } from '../tree/treeNode.ts';

type RowWork = (rows: readonly TreeNode[]) => Promise<unknown>;

/** What VS Code offers for files and lists everywhere, for rows. */
export const ROW_WORK: Readonly<Record<(typeof ROW_COMMANDS)[keyof typeof ROW_COMMANDS], RowWork>> = {
  [ROW_COMMANDS.openToSide]: openToSide,
  [ROW_COMMANDS.compareSelected]: compareSelected,
  [ROW_COMMANDS.copyRows]: copyRows,
  [ROW_COMMANDS.removeRows]: removeRows,
  [ROW_COMMANDS.copyMessage]: copyRows,
  [ROW_COMMANDS.copyDiskPath]: rows => copy(locationsOf(rows).map(({ fsPath }) => fsPath)),
  [ROW_COMMANDS.revealOnDisk]: rows => onFirst(rows, revealOnDisk),
  [ROW_COMMANDS.openTerminalAt]: rows =>
    onFirst(rows, location => commands.executeCommand('openInIntegratedTerminal', location)),
};

/** Opens the rows' files next to the active editor; runs what a click on any other row does. */
async function openToSide(rows: readonly TreeNode[]): Promise<void> {
  for (const row of rows) {
    const { command } = await row.toTreeItem();
    const [uri, ...more]: unknown[] = command?.arguments ?? [];
    if (command?.command === 'vscode.open' && uri instanceof Uri)
      await commands.executeCommand('vscode.open', uri, { viewColumn: ViewColumn.Beside, preview: false });
    else if (command) await commands.executeCommand(command.command, uri, ...more);
  }
}

/** Compares two rows of one kind: layers, files, or images. */
async function compareSelected([one, other]: readonly TreeNode[]): Promise<void> {
  if (!one || !other) return;
  const areLayers = [one, other].every(row => row instanceof LayerNode || row instanceof PulledLayerNode);
  const areFiles = [one, other].every(({ argument }) => argument.path !== undefined);
  const images = areLayers ? COMMANDS.compareLayers : COMMANDS.compareImages;
  const argument = { left: one.argument, right: other.argument };
  await commands.executeCommand(areFiles ? COMMANDS.compareFiles : images, { argument });
}

/** Copies what names each row: a file's path, a layer's digest, else the reference. */
function copyRows(rows: readonly TreeNode[]): Promise<void> {
  return copy(rows.map(row => (row instanceof FailureNode ? row.message : nameOf(row.argument))));
}

function nameOf({ path, layer, digest, reference, repository, registry, folder }: CommandArgument): string {
  if (path !== undefined) return `/${path.replace(/^\/+/, '')}`;
  if (layer !== undefined && digest !== undefined) return digest;
  return reference ?? repository ?? registry ?? folder ?? '';
}

async function copy(texts: readonly string[]): Promise<void> {
  const named = texts.filter(Boolean);
  if (named.length === 0) return;
  await copyText(named.join('\n'), named.length === 1 ? named[0] : count(named.length, 'row'));
}

async function removeRows(rows: readonly TreeNode[]): Promise<void> {
  const [first] = rows;
  if (first instanceof PulledImageNode) await commands.executeCommand(COMMANDS.removeImage, first, rows);
  if (first instanceof RegistryNode) await commands.executeCommand(COMMANDS.removeRegistry, first);
}

function locationsOf(rows: readonly TreeNode[]): readonly Uri[] {
  return rows.flatMap(({ location }) => (location === undefined ? [] : [Uri.file(location)]));
}

async function onFirst(rows: readonly TreeNode[], work: (location: Uri) => Thenable<unknown>): Promise<void> {
  const [location] = locationsOf(rows);
  if (location) await work(location);
}

/** In the Explorer if it shows the place, else in the file manager. */
function revealOnDisk(location: Uri): Thenable<unknown> {
  const shown = workspace.getWorkspaceFolder(location) !== undefined;
  return commands.executeCommand(shown ? 'revealInExplorer' : 'revealFileInOS', location);
}
