import { readFile, rm } from 'node:fs/promises';
import process from 'node:process';
import { run } from './run.ts';

/**
 * Removes a folder with everything in it. Unmounts what is mounted inside first, so that the
 * removal never reaches through a mount. Reports what this user may not unmount or remove, and
 * leaves it.
 */
export async function removeTree(root: string): Promise<void> {
  for (const point of (await mountPointsBelow(root)).toReversed()) await run('umount', ['--lazy', point]);
  const left = await mountPointsBelow(root);
  if (left.length > 0) {
    console.error(
      `Still mounted, so ${root} is left as it is. Remove it after: ${left.map(point => `sudo umount '${point}'`).join('; ')}`,
    );
    return;
  }
  await rm(root, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) => {
    console.error(`${root} could not be removed whole (${error instanceof Error ? error.message : String(error)}).`);
  });
}

/** Returns the mount points below a folder, in mount order. */
async function mountPointsBelow(root: string): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = lines.map(line =>
    (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCodePoint(Number.parseInt(octal, 8)),
    ),
  );
  return points.filter(point => point.startsWith(`${root}/`));
}
