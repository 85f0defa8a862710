import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { commitImage as commit, type CommitRequest } from '../../changes/commitImage.ts';
import { refuseTaken } from '../../export/mergeImage.ts';
import { shortDigest } from '../../oci/digest.ts';
import { familiarName, formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { namespacesWith } from '../../overlay/mountTable.ts';
import type { PulledImage } from '../../pull/pullImage.ts';
import { removeTree } from '../../pull/removeTree.ts';
import { askImageFolder } from '../command/ask.ts';
import { command, type Call } from '../command/command.ts';
import { chooseTargetFolder } from '../command/targetFolder.ts';
import type { CommandArgument } from '../common/argument.ts';
import { MountedWritableError } from '../common/errors.ts';
import { COMMANDS } from '../common/ids.ts';
import { offer, runCommand } from '../common/offer.ts';
import { withTransfer } from '../common/progress.ts';
import type { Views } from '../common/reveal.ts';
import { defaultFolderName } from '../images/names.ts';
import type { ImageOnDisk } from '../images/pulledImages.ts';
import type { Pulls } from '../images/pulls.ts';
import { checkedConfig, checkedTime } from './commitArguments.ts';
import type { ChangesNeeds } from './listChanges.ts';
import { CHANGES_SCRIPT, withReadableChanges } from './readChanges.ts';

interface CommitNeeds extends ChangesNeeds {
  readonly pulls: Pulls;
  readonly views: Views;
}

const TITLE = 'Commit Changes as Image';

/**
 * Makes a new image of a pulled image and its changes, with one more layer, in a folder like that
 * of a pull.
 */
export const commitImage = command(
  ['folder', 'target', 'reference', 'comment', 'author', 'created', 'config'],
  async (argument, needs: CommitNeeds, call) => {
    const details = checked(argument);
    const folder = await askImageFolder(argument, needs.images, TITLE);
    if (folder === undefined) return undefined;
    const image = await unmounted(folder, needs, call);
    if (!image) return undefined;
    const reference = await referenceFor(argument.reference, image, call);
    if (!reference) return undefined;
    const name = defaultFolderName(reference);
    const target = await chooseTargetFolder(name, argument.target, needs.images, call, TITLE);
    if (target === undefined) return undefined;
    await refuseTaken(target);
    const done = await committed(details, { image, reference, target }, needs);
    await needs.images.remember(target);
    if (call.interactive) report(done.pulled, reference, needs);
    return { folder: target, digest: done.pulled.digest, ...(done.layer ? { layer: done.layer } : {}) };
  },
);

/**
 * Returns the image if nothing can write to it, after unmounting it if the user agrees. @throws
 * {MountedWritableError} not interactive
 */
async function unmounted(folder: string, { images }: CommitNeeds, call: Call): Promise<ImageOnDisk | undefined> {
  const image = await images.read(folder);
  const { mounted, readOnly, mountPoint } = image.mount;
  if (process.platform === 'linux' && (await namespacesWith(mountPoint)).length > 0)
    throw new MountedWritableError(image.folder, 'terminal');
  if (!mounted || readOnly === true) return image;
  if (!call.interactive) throw new MountedWritableError(image.folder, 'mount');
  const unmount = 'Unmount and Commit';
  const question = 'The image must be unmounted first, so that nothing changes while it is read.';
  if ((await vscode.window.showInformationMessage(question, unmount)) !== unmount) return undefined;
  await vscode.commands.executeCommand(COMMANDS.unmountImage, { argument: { folder: image.folder } });
  const after = await images.read(folder);
  // The unmount command has reported why.
  return after.mount.mounted ? undefined : after;
}

/** The new image's name: the given one, else the old one with another tag. */
async function referenceFor(
  given: string | undefined,
  { image }: ImageOnDisk,
  { interactive }: Call,
): Promise<Reference | undefined> {
  if (given !== undefined) return parseReference(given);
  const { registry, repository, tag } = parseReference(image.reference);
  const usual = { registry, repository, tag: tag === undefined ? 'changed' : `${tag}-changed` };
  if (!interactive) return usual;
  const typed = await vscode.window.showInputBox({
    title: TITLE,
    prompt: 'Name of the new image',
    value: familiarName(usual),
    ignoreFocusOut: true,
    validateInput: text => {
      try {
        parseReference(text);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  return typed === undefined ? undefined : parseReference(typed);
}

interface Wanted {
  readonly image: ImageOnDisk;
  readonly reference: Reference;
  readonly target: string;
}

interface Committed {
  readonly pulled: PulledImage;
  readonly layer?: { readonly digest: string; readonly diffId: string; readonly size: number };
}

/** Writes the image as a layout next to the target, and pulls it from there. */
function committed(
  details: ReturnType<typeof checked>,
  { image, reference, target }: Wanted,
  { pulls, tasks }: CommitNeeds,
): Promise<Committed> {
  const layout = `${target}.${process.pid}.partial`;
  return withReadableChanges(image, tasks, async readable =>
    withTransfer(`Committing ${familiarName(reference)}`, async (signal, progress) => {
      await mkdir(dirname(layout), { recursive: true });
      await removeTree(layout);
      try {
        const written = await commit(
          {
            ...readable,
            pulled: image.image,
            reference: formatReference(reference),
            layout,
            script: CHANGES_SCRIPT,
            ...details,
          },
          signal,
        );
        const pulled = await pulls.pull({
          image: written.image,
          layout,
          folder: target,
          signal,
          report: progress,
        });
        return { pulled, ...(written.layer ? { layer: written.layer } : {}) };
      } finally {
        await removeTree(layout);
      }
    }),
  );
}

type Described = Pick<CommandArgument, 'comment' | 'author' | 'created' | 'config'>;

/** Checks what the caller says of the new image. @throws {InvalidArgumentError} */
function checked({
  comment,
  author,
  created,
  config,
}: Described): Pick<CommitRequest, 'comment' | 'author' | 'created' | 'config'> {
  return {
    ...(comment === undefined ? {} : { comment }),
    ...(author === undefined ? {} : { author }),
    ...(created === undefined ? {} : { created: checkedTime('created', created) }),
    ...(config === undefined ? {} : { config: checkedConfig('config', config) }),
  };
}

function report({ folder, digest }: PulledImage, reference: Reference, { views }: CommitNeeds): void {
  offer(`Committed ${familiarName(reference)} (${shortDigest(digest)}).`, {
    'Show in Images': () => views.revealFolder(folder),
    Mount: runCommand(COMMANDS.mountImage, { folder }),
  });
}
