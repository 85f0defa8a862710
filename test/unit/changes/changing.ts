import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { commitImage, type CommitRequest, type CommittedLayout } from '../../../src/changes/commitImage.ts';
import type { Change } from '../../../src/changes/layerPlan.ts';
import type { UpperSource } from '../../../src/changes/readUpper.ts';
import { runChangesJob } from '../../../src/changes/runChangesJob.ts';
import { localAddress } from '../../../src/layout/localAddress.ts';
import { planUnmount } from '../../../src/overlay/mountPlan.ts';
import { prepareMount } from '../../../src/overlay/prepareMount.ts';
import { readImageFolder } from '../../../src/pull/imageFolder.ts';
import { pullImage, type PulledImage } from '../../../src/pull/pullImage.ts';
import { anonymousAuthorizer, DEFAULT_LIMITS } from '../../support/doubles.ts';
import type { Pulling } from '../../support/pulling.ts';
import { DEFAULT_TRANSPORT } from '../../../src/registry/http/transportOptions.ts';
import { must, runPlan } from '../overlay/rig.ts';

const SCRIPT = new URL('../../../src/changes/changesWorker.ts', import.meta.url);
const { signal } = new AbortController();

/** Lists an image's changes. */
export async function changesOf(
  folder: string,
  source: UpperSource = { folder },
  namespace = false,
): Promise<readonly Change[]> {
  const { layers } = await readImageFolder(folder);
  return (await runChangesJob({ source, namespace, layers: layers.length }, SCRIPT, signal)).changes;
}

/** The same as short lines: `A path`, with the file's size. */
export async function changeLines(folder: string, source?: UpperSource, namespace?: boolean): Promise<string[]> {
  const changes = await changesOf(folder, source, namespace);
  return changes.map(({ path, change, type, size }) =>
    [change === 'added' ? 'A' : change === 'changed' ? 'M' : 'D', path, type, ...(size > 0 ? [size] : [])].join(' '),
  );
}

export type CommitOptions = Partial<Omit<CommitRequest, 'pulled' | 'layout' | 'script'>>;

/** Commits a folder's changes into a layout. */
export async function commitTo(layout: string, folder: string, options: CommitOptions = {}): Promise<CommittedLayout> {
  const pulled = await readImageFolder(folder);
  const defaults = { source: { folder }, namespace: false, reference: 'example.com/new:changed' };
  return commitImage({ ...defaults, ...options, pulled, layout, script: SCRIPT }, signal);
}

/** Commits into a layout, and pulls that into an image folder, as the command does. */
export async function commitAndPull(
  pulling: Pulling,
  folder: string,
  name: string,
  options: CommitOptions = {},
): Promise<PulledImage & { readonly committed: CommittedLayout }> {
  const layout = join(pulling.root, `${name}.partial`);
  try {
    const committed = await commitTo(layout, folder, options);
    const pulled = await pullImage(pulling.layerWork, {
      image: committed.image,
      origin: {
        registry: { name: committed.image.reference.registry, url: localAddress(layout) },
        transport: DEFAULT_TRANSPORT,
        authorizer: anonymousAuthorizer,
      },
      folder: pulling.folder(name),
      limits: DEFAULT_LIMITS,
      report: () => undefined,
      signal,
    });
    return { ...pulled, committed };
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

/**
 * Mounts an image folder as the mount command does, and returns the mount point. With
 * `restoreOwnership`, it shows the image's owners, setuid bits, devices and attributes.
 */
export async function mount(folder: string, restoreOwnership = false): Promise<string> {
  const { layers } = await readImageFolder(folder);
  const options = { nosuidNodev: true, restoreOwnership, userxattr: true };
  const { plan } = await prepareMount({ folder, layers: layers.length, options });
  const { code, output } = await runPlan(plan);
  if (code !== 0) throw new Error(output);
  return join(folder, 'merged');
}

export async function unmount(folder: string): Promise<void> {
  const { code, output } = await runPlan(planUnmount({ folder }));
  if (code !== 0) throw new Error(output);
}

/** Runs a shell script in a folder. */
export function shell(folder: string, script: string): string {
  return must('sh', '-euc', `cd "$1"; ${script}`, 'sh', folder);
}
