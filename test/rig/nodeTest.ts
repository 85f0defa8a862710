import { globSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { outFolder, projectRoot } from './paths.ts';
import { run } from './run.ts';
import { broken, type Counts } from './suite.ts';

/** A suite of `node --test` files. */
export interface NodeTestOptions {
  /** The base name of the result file in `out/`. */
  readonly name: string;
  readonly glob: string;
  /** Runs only files whose path contains this string. */
  readonly filter?: string | undefined;
  /** The number of files to run at the same time. */
  readonly concurrency: number;
  /** The limit for the whole suite, in milliseconds. */
  readonly timeLimit: number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs test files, each in its own process, with their output in the terminal. Returns the counts.
 */
export async function runNodeTests(options: NodeTestOptions): Promise<Counts> {
  const files = globSync(options.glob, { cwd: projectRoot })
    .filter(file => file.includes(options.filter ?? ''))
    .toSorted(byExpectedTime);
  if (files.length === 0) {
    console.log(`✖ No test file matches ${options.glob} ${options.filter ?? ''}`);
    return broken;
  }
  const results = join(outFolder, `${options.name}.tap`);
  await mkdir(dirname(results), { recursive: true });
  await rm(results, { force: true });
  // Every file is a process, and most start threads; the cache spares each of them stripping and
  // compiling the same modules.
  const cache = { NODE_COMPILE_CACHE: join(outFolder, 'compile-cache') };
  const code = await run(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${options.concurrency}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${results}`,
      ...files,
    ],
    { cwd: projectRoot, env: { ...process.env, ...cache, ...options.env }, timeout: options.timeLimit },
  );
  if (code === 124) console.log(`✖ Stopped after ${options.timeLimit / 60_000} minutes.`);
  const counts = countsOf(await readFile(results, 'utf8').catch(() => ''));
  if (counts === undefined || counts.passed + counts.failed + counts.skipped === 0) return broken;
  return code === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/**
 * Orders large files first, so that no long one runs alone at the end. Files that wait for the real
 * image, which takes minutes to build on a new machine, come last.
 */
function byExpectedTime(a: string, b: string): number {
  const [first, second] = [a, b].map(file => {
    const text = readFileSync(join(projectRoot, file), 'utf8');
    return { size: text.length, late: text.includes('/realImage.ts') ? 1 : 0 };
  });
  return first && second ? first.late - second.late || second.size - first.size : 0;
}

/**
 * Reads the totals at the end of a TAP report. Returns undefined if the run did not get that far.
 */
export function countsOf(tap: string): Counts | undefined {
  const total = (name: string) => {
    const found = [...tap.matchAll(new RegExp(`^# ${name} (\\d+)$`, 'gm'))].at(-1)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const [passed, failed, cancelled, skipped, todo] = ['pass', 'fail', 'cancelled', 'skipped', 'todo'].map(total);
  if (passed === undefined || failed === undefined) return undefined;
  return { passed, failed: failed + (cancelled ?? 0), skipped: (skipped ?? 0) + (todo ?? 0) };
}
