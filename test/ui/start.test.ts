import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { projectRoot } from '../rig/paths.ts';
import { endGroup } from '../rig/run.ts';
import { openPage } from './window.ts';

test('npm start opens an editor with the extension and a filled demo registry, and Ctrl+C stops everything', async t => {
  const started = spawn(process.execPath, [join(projectRoot, 'test/rig/run.mjs'), 'test/rig/start.ts', '--browser'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(started, 'exit');
  t.after(() => endGroup(started.pid, 'SIGTERM'));
  let address = '';
  let registry = '';
  for await (const line of createInterface(started.stdout)) {
    registry ||= /^Demo registry: (\S+)/.exec(line)?.[1] ?? '';
    address ||= /(http:\S+folder=\S+)$/.exec(line)?.[1] ?? '';
    if (line.includes('Ctrl+C')) break;
  }
  assert.notEqual(address, '', 'no address was printed');

  const workbench = await openPage(t);
  await workbench.open(address);
  // The page that the editor opens by itself, rendered.
  await workbench.webview.getByRole('heading', { name: 'Welcome to Peel' }).waitFor();
  await workbench.showSidebar('Peel');
  await workbench.row('Registries', 'docker.io').waitFor();
  await workbench.expand('Registries', 'demo.localhost');
  await workbench.row('Registries', 'demo/hello').waitFor();
  await workbench.row('Registries', 'library/busybox').waitFor();
  await workbench.screenshot('start');

  // Like Ctrl+C in a terminal: to the whole group.
  endGroup(started.pid, 'SIGINT');
  assert.deepEqual(await ended, [0, null]);
  await assert.rejects(fetch(address), 'the editor still answers');
  await assert.rejects(fetch(registry), 'the demo registry still answers');
});
