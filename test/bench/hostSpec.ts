// Runs inside a real extension host, for host.ts: what Peel costs the thread that it shares with all other extensions.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

/** The longest and the 99th percentile of the times that the thread was kept from its events; milliseconds. */
export interface Delay {
  readonly longest: number;
  readonly most: number;
}

/** What the spec writes into the file that `PEEL_BENCH_FIGURES` names; milliseconds. */
export interface HostFigures {
  /** From asking for the extension to its being active: reading its files, and its own work. */
  readonly activation: number;
  /** While nobody does anything: VS Code's own share. */
  readonly idle: Delay;
  readonly pull: Delay & { readonly took: number };
  /** All layers of the image are gone through for the first time, for their files. */
  readonly index: Delay & { readonly took: number };
  /** One folder of the merged image is listed, from what was kept. */
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
    const list = () => vscode.commands.executeCommand('peel.listFiles', { reference, path: '/' });
    const index = await delayDuring(list);
    const listed = await timed(list);
    await vscode.commands.executeCommand('peel.cleanCache', {});
    const pull = await delayDuring(() => vscode.commands.executeCommand('peel.pullImage', { reference }));
    const figures: HostFigures = { activation, idle, pull, index, list: listed };
    writeFileSync(env.PEEL_BENCH_FIGURES ?? '', JSON.stringify(figures));
  });
});

async function timed(work: () => Thenable<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function delayDuring(work: () => Thenable<unknown>): Promise<Delay & { took: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const took = await timed(work);
  delay.disable();
  return { longest: delay.max / 1e6, most: delay.percentile(99) / 1e6, took };
}
