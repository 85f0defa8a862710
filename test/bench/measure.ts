import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { run } from '../support/run.ts';
import { findTool } from '../support/tools.ts';

/** The cost of one run. Times in seconds, memory in bytes. */
export interface Sample {
  readonly wall: number;
  /** On all processors, user and system, including all children. */
  readonly cpu: number;
  /** The peak resident memory of the largest process. */
  readonly rss: number;
  /** The output. */
  readonly output: string;
}

/** Runs a bash script to its end under GNU time. @throws with its output if it fails */
export async function measure(script: string, folder: string): Promise<Sample> {
  const report = join(folder, '.time');
  const time = findTool('time') ?? 'time';
  const command = ['-o', report, '-f', '%e %U %S %M', 'bash', '-euo', 'pipefail', '-c', script];
  const began = performance.now();
  const child = spawn(time, command, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', chunk => (output += String(chunk)));
  child.stderr.on('data', chunk => (errors += String(chunk)));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  const wall = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${script}\nended with ${code}: ${errors.slice(-2000)}${output.slice(-500)}`);
  const [, user = NaN, system = NaN, kilobytes = NaN] = readFileSync(report, 'utf8').trim().split(/\s+/).map(Number);
  return { wall, cpu: user + system, rss: kilobytes * 1024, output };
}

/** A contender that did not do the work has not won. */
export async function checkFiles(folder: string, wanted: string, name: string): Promise<void> {
  const found = await run('find', [folder, '-path', `*/${wanted}`, '-type', 'f', '-size', '+0']);
  if (found === '') throw new Error(`${name} did not make ${wanted}`);
}

/** Returns how many processors are busy with other work, measured for a second. */
export async function busyProcessors(): Promise<number> {
  const idle = (): number => cpus().reduce((sum, { times }) => sum + times.idle, 0);
  const [began, before] = [performance.now(), idle()];
  await setTimeout(1000);
  return Math.max(0, cpus().length - (idle() - before) / (performance.now() - began));
}

/** The median; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}
