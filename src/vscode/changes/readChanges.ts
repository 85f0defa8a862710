import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { UnreadableChangesError } from '../../changes/errors.ts';
import type { Change } from '../../changes/layerPlan.ts';
import type { UpperSource } from '../../changes/readUpper.ts';
import { runChangesJob } from '../../changes/runChangesJob.ts';
import { probeOverlay } from '../../overlay/capability.ts';
import { ownsChanges, planReadChanges } from '../../overlay/changesPlan.ts';
import { IncompleteImageError, UntrustedWorkspaceError } from '../common/errors.ts';
import type { ImageOnDisk } from '../images/pulledImages.ts';
import type { ImageTasks } from '../mount/imageTasks.ts';

/** Where an image's changes can be read. */
export interface ReadableChanges {
  readonly source: UpperSource;
  /** Read as root of a user namespace. */
  readonly namespace: boolean;
}

/** The thread that compares and writes changes. */
export const CHANGES_SCRIPT = new URL('./changesWorker.js', import.meta.url);

/**
 * Does work on an image's changes: on the folder itself where the user can read all of it. Else a
 * task in the terminal archives it first, and the archive is deleted after the work.
 * @throws {UntrustedWorkspaceError} {@link IncompleteImageError} {@link TaskFailedError} and what
 * the work throws
 */
export async function withReadableChanges<T>(
  { folder, image }: ImageOnDisk,
  tasks: ImageTasks,
  work: (changes: ReadableChanges) => Promise<T>,
): Promise<T> {
  checkUsable(image);
  try {
    return await work({ source: { folder }, namespace: false });
  } catch (error) {
    if (!(error instanceof UnreadableChangesError)) throw error;
  }
  const name = `.changes-${randomUUID()}.tar`;
  const archive = join(folder, 'overlay', name);
  const namespace = (await ownsChanges(folder)) && (await probeOverlay(folder)).facts.namespaces;
  try {
    const plan = planReadChanges({ folder, archive: name, way: namespace ? 'namespace' : 'sudo' });
    await tasks.runPlan('reading of changes', folder, plan);
    return await work({ source: { folder, archive }, namespace });
  } finally {
    await rm(archive, { force: true });
  }
}

/** Compares the changes with an image of so many layers. */
export async function changesFrom(
  { source, namespace }: ReadableChanges,
  layers: number,
  signal: AbortSignal,
): Promise<readonly Change[]> {
  return (await runChangesJob({ source, namespace, layers }, CHANGES_SCRIPT, signal)).changes;
}

function checkUsable(image: ImageOnDisk['image']): void {
  if (!vscode.workspace.isTrusted) throw new UntrustedWorkspaceError();
  if (!image.complete) throw new IncompleteImageError(image);
}
