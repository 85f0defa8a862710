import { command } from '../command/command.ts';
import * as vscode from 'vscode';
import { shortDigest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { chooseFiles, type ChosenFiles, type FilesNeeds } from '../command/chooseFiles.ts';
import { fileUri } from '../files/fileUri.ts';
import { imageName } from '../registries/imageName.ts';
import { plainText } from '../common/text.ts';
import { InvalidArgumentError } from '../common/argument.ts';

/** Shows a file of two images, or layers, in the diff editor. */
export const compareFiles = command(['left', 'right'], async ({ left, right }, needs: FilesNeeds, call) => {
  const [first, second] = [left?.path, right?.path];
  if (!left || !right || first === undefined || second === undefined)
    throw new InvalidArgumentError('left" and "right', 'an image and a path in each');
  const before = await chooseFiles(left, needs, call, 'Compare Files');
  const after = before && (await chooseFiles(right, needs, call, 'Compare Files'));
  if (!after) return undefined;
  const uris = [
    fileUri(before.image, before.tree.find(first).path, before.layer),
    fileUri(after.image, after.tree.find(second).path, after.layer),
  ] as const;
  const title = `${lastName(second)} (${versionOf(before, needs)} ↔ ${versionOf(after, needs)})`;
  await vscode.commands.executeCommand('vscode.diff', ...uris, plainText(title));
  return uris;
});

/** Returns a short name for the editor's title. The page that links here has the full one. */
function versionOf({ image, layer }: ChosenFiles, { registries }: FilesNeeds): string {
  const { reference, manifestDigest, platform } = image;
  const { registry, repository, tag } = reference;
  const version =
    tag === undefined
      ? `${lastName(repository)}:${shortDigest(manifestDigest)}`
      : lastName(imageName({ registry, repository, tag }, registries));
  return `${version} ${formatPlatform(platform)}${layer === undefined ? '' : ` layer ${layer}`}`;
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
