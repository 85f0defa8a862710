import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { PlatformNotFoundError } from '../../oci/choosePlatform.ts';
import { isDigest } from '../../oci/digest.ts';
import { familiarName, type Reference } from '../../oci/reference.ts';
import { DamagedFolderError } from '../../pull/folderErrors.ts';
import { FolderTakenError } from '../../pull/imageFolder.ts';
import type { PulledImage } from '../../pull/pullImage.ts';
import { askPlatform, askReference } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import { COMMANDS } from '../common/ids.ts';
import { offer, runCommand, warningsNoted } from '../common/offer.ts';
import { withTransfer } from '../common/progress.ts';
import type { Views } from '../common/reveal.ts';
import type { ImageFiles } from '../files/imageFiles.ts';
import { defaultFolderName, freeName } from '../images/names.ts';
import type { PulledImages } from '../images/pulledImages.ts';
import type { Pulls } from '../images/pulls.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';

interface PullNeeds {
  readonly files: ImageFiles;
  readonly images: PulledImages;
  readonly log: vscode.LogOutputChannel;
  readonly lookup: ImageLookup;
  readonly pulls: Pulls;
  readonly registries: Registries;
  readonly views: Views;
}

/** Downloads, verifies and extracts an image into its folder. */
export const pullImage = command(
  ['reference', 'platform', 'folder', 'digest'],
  async (argument, needs: PullNeeds, call) => {
    const reference = await askReference(argument, needs, 'Pull Image');
    if (!reference) return undefined;
    const folder = await chooseTargetFolder(
      defaultFolderName(reference),
      argument.folder,
      needs.images,
      call,
      'Pull Image',
    );
    if (folder === undefined) return undefined;
    const begun = argument.folder === undefined ? undefined : argument.digest;
    const pulled = await pullInto({ reference, begun }, { platform: argument.platform, folder }, needs, call);
    if (!pulled) return undefined;
    // Its layers were read completely, so their files are verified from now on.
    needs.files.forget();
    await needs.registries.opened(reference);
    await needs.images.remember(pulled.folder);
    reportPull(reference, pulled, needs, call);
    const { digest, platform, layers } = pulled;
    return { folder: pulled.folder, digest, platform, layers };
  },
);

/** What is to be pulled. */
interface Source {
  readonly reference: Reference;
  /**
   * The digest of the image that the folder already holds a part of; its tag may have moved since.
   */
  readonly begun: string | undefined;
}

/** Pulls. If the platform or folder can't be used, prompts for another one. */
async function pullInto(source: Source, first: Wanted, needs: PullNeeds, call: Call): Promise<PulledImage | undefined> {
  let wanted = first;
  for (;;) {
    try {
      return await transfer(source, wanted, needs);
    } catch (error) {
      if (!call.interactive) throw error;
      const other = await askAlternative(error, wanted);
      if (!other) return undefined;
      wanted = other;
    }
  }
}

function transfer(
  { reference, begun }: Source,
  { platform, folder }: Wanted,
  { lookup, pulls }: PullNeeds,
): Thenable<PulledImage> {
  return withTransfer(`Pulling ${familiarName(reference)}`, async (signal, report) => {
    // What the tag points to now, not when the tree was opened.
    lookup.forget(reference);
    const [named] = await Promise.all([lookup.resolve(reference, platform, signal), pulls.prepare()]);
    const moved = isDigest(begun) && named.manifestDigest !== begun;
    const image = moved
      ? { ...(await lookup.resolve({ ...reference, digest: begun }, platform, signal)), reference }
      : named;
    return pulls.pull({ image, folder, signal, report });
  });
}

interface Wanted {
  readonly platform: string | undefined;
  readonly folder: string;
}

/**
 * Asks what to try instead; `undefined` if the user dismisses the prompt. @throws the error itself
 * if there is no alternative
 */
async function askAlternative(error: unknown, wanted: Wanted): Promise<Wanted | undefined> {
  if (error instanceof PlatformNotFoundError && error.available.length > 0) {
    const platform = await askPlatform(error.available, 'Pull Image');
    return platform === undefined ? undefined : { ...wanted, platform };
  }
  if (error instanceof FolderTakenError) {
    const folder = await askOtherFolder(error, wanted.folder);
    return folder === undefined ? undefined : { ...wanted, folder };
  }
  throw error;
}

/** Offers another folder next to a taken one, and removing a damaged image. */
async function askOtherFolder(error: FolderTakenError, folder: string): Promise<string | undefined> {
  const other = 'Choose Another Name…';
  const remove = 'Remove…';
  const choices = error.cause instanceof DamagedFolderError ? [remove, other] : [other];
  const chosen = await vscode.window.showWarningMessage(error.message, ...choices);
  if (chosen === remove) {
    // This asks for confirmation. Files that aren't Peel's stay, and so does the folder.
    const freed = await vscode.commands.executeCommand(COMMANDS.removeImage, { argument: { folder } });
    return freed === undefined ? undefined : folder;
  }
  if (chosen !== other) return undefined;
  const parent = dirname(folder);
  const name = await vscode.window.showInputBox({
    title: 'Pull Image',
    prompt: `Folder name for the image in ${parent}`,
    value: freeName(basename(folder), taken => existsSync(join(parent, taken))),
    ignoreFocusOut: true,
    validateInput: typed => problemOfName(typed.trim(), parent),
  });
  return name === undefined ? undefined : join(parent, name.trim());
}

function problemOfName(name: string, parent: string): string | undefined {
  if (name === '' || name !== basename(name) || /^\.+$/.test(name)) return 'Enter a folder name without slashes';
  return existsSync(join(parent, name)) ? 'This name is already taken' : undefined;
}

/** Reports the finished pull and offers what to do next. */
function reportPull(
  reference: Reference,
  { folder, warnings }: PulledImage,
  { log, views }: PullNeeds,
  { interactive }: Call,
): void {
  for (const warning of warnings) log.warn(`${familiarName(reference)}: ${warning}`);
  if (!interactive) return;
  offer(
    `Pulled ${familiarName(reference)} into ${vscode.workspace.asRelativePath(folder)}.${warningsNoted(warnings.length)}`,
    {
      Mount: runCommand(COMMANDS.mountImage, { folder }),
      'Open Folder': runCommand(COMMANDS.openFolder, { folder }),
      'Show in Images': () => views.revealFolder(folder),
    },
  );
}
