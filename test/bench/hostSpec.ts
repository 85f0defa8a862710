// Runs inside a real extension host, for host.ts: measures Peel's cost to the thread that it shares
// with all other extensions.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { env, threadCpuUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

/** How long the thread was kept from its events, in milliseconds. */
export interface Delay {
  readonly longest: number;
  /** The 99th percentile. */
  readonly most: number;
  /**
   * The most CPU time it used between two checks, which are a millisecond apart when it is idle. If
   * it was blocked for longer than that, it waited for a processor.
   */
  readonly work: number;
}

/** What the spec writes to the file named by `PEEL_BENCH_FIGURES`, in milliseconds. */
export interface HostFigures {
  /**
   * The time from requesting the extension until it is active, including what the editor itself
   * loads meanwhile.
   */
  readonly activation: number;
  /**
   * The extension's own share, as in `Developer: Show Running Extensions`: reading its files, and
   * its `activate`.
   */
  readonly own: number;
  /** While nothing happens: VS Code's own share. */
  readonly idle: Delay;
  readonly pull: Delay & { readonly took: number };
  /** All layers of the image are read for the first time, for their files. */
  readonly index: Delay & { readonly took: number };
  /** All files of the merged image are listed, from cached listings. */
  readonly list: number;
}

describe('the extension host', () => {
  it('is measured', async function () {
    this.timeout(5 * 60_000);
    const reference = env.PEEL_BENCH_REFERENCE ?? '';
    const extension = vscode.extensions.getExtension('peel.peel');
    assert.ok(extension);
    assert.equal(extension.isActive, false, 'something activated Peel before it could be measured');
    // VS Code's own extensions start first.
    await sleep(5000);
    const idle = await delayDuring(() => sleep(3000));
    const activation = await timed(() => extension.activate());
    const own =
      between('willLoadExtensionCode', 'didLoadExtensionCode') +
      between('willActivateExtension', 'didActivateExtension');
    const list = () => vscode.commands.executeCommand('peel.listFiles', { reference, path: '/' });
    const index = await delayDuring(list);
    const listed = await timed(list);
    await vscode.commands.executeCommand('peel.cleanCache', {});
    const pull = await delayDuring(() => vscode.commands.executeCommand('peel.pullImage', { reference }));
    const figures: HostFigures = { activation, own, idle, pull, index, list: listed };
    writeFileSync(env.PEEL_BENCH_FIGURES ?? '', JSON.stringify(figures));
  });
});

interface Mark {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
}

/** The marks that VS Code itself sets in the extension host. */
declare const MonacoPerformanceMarks: { getMarks(): readonly Mark[] };

function between(from: string, to: string): number {
  const timeOf = (event: string) => {
    const mark = MonacoPerformanceMarks.getMarks().find(({ name }) => name === `code/extHost/${event}/peel.peel`);
    assert.ok(mark, event);
    return mark.startTime;
  };
  return timeOf(to) - timeOf(from);
}

async function timed(work: () => Thenable<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function delayDuring(work: () => Thenable<unknown>): Promise<Delay & { took: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let worked = 0;
  let before = threadCpuUsage();
  const meter = setInterval(() => {
    const { user, system } = threadCpuUsage(before);
    worked = Math.max(worked, user + system);
    before = threadCpuUsage();
  }, 1);
  delay.enable();
  const took = await timed(work);
  delay.disable();
  clearInterval(meter);
  return { longest: delay.max / 1e6, most: delay.percentile(99) / 1e6, work: worked / 1e3, took };
}
