import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { image, layer, type BuiltLayer } from '../support/image.ts';
import { pauseAt } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file } from '../support/tar.ts';
import { openWindow, startEditor } from './window.ts';
import type { Workbench } from './workbench.ts';

/** What a user sees while a layer downloads slowly. */
let editor: EditorServer;
let registry: Registry;

before(async () => {
  registry = await startRegistry();
  editor = await startEditor('reading');
});
after(async () => {
  await editor?.stop();
  await registry?.close();
});

/** An image with one layer that has not been read before. */
function fill(name: string): BuiltLayer {
  const slow = layer([
    directory('early/'),
    file('early/first.txt', 'the very first\n'),
    file('early/second.txt', 'the second\n'),
    file('early/noise', randomBytes(900_000)),
    directory('late/'),
    file('late/last.txt', 'the last\n'),
  ]);
  registry.store.put(`demo/${name}`, image({ layers: [slow] }), 'latest');
  return slow;
}

async function openLayer(workbench: Workbench, name: string): Promise<void> {
  await workbench.showSidebar('Peel');
  await workbench.view('Images').locator('.pane-header').click();
  await workbench.page.mouse.move(640, 400);
  await workbench.expandPath('Registries', registry.host, `demo/${name}`, 'latest', 'Layers', /^1 · |^Layer 1$/);
}

const settings = (): { readonly settings: Record<string, unknown> } => ({
  settings: { 'peel.registries': [{ url: registry.url }] },
});

test('shows the files of a slow layer as they arrive, opens them when it is complete, and keeps their rows', async t => {
  const slow = fill('slow');
  const goOn = Promise.withResolvers<void>();
  registry.fault(
    { path: slow.digest, method: 'GET' },
    pauseAt(600_000, () => goOn.promise),
  );
  t.after(() => goOn.resolve());
  const { workbench } = await openWindow(t, editor, settings());
  await openLayer(workbench, 'slow');
  await workbench.row('Registries', /^Reading… \d+ %$/).waitFor();
  await workbench.expand('Registries', 'early');
  const first = workbench.row('Registries', 'first.txt');
  await first.waitFor();
  assert.equal(await workbench.row('Registries', 'late').count(), 0);
  await first.click();
  await workbench.until('the row is selected', async () => (await first.getAttribute('aria-selected')) === 'true');
  await workbench.screenshot('reading-half');
  assert.equal(await workbench.page.locator('.view-line', { hasText: 'the very first' }).count(), 0);
  goOn.resolve();
  await workbench.row('Registries', 'late').waitFor();
  await workbench.row('Registries', /^Reading…/).waitFor({ state: 'detached' });
  await workbench.waitForEditor(/^the very first/);
  const rows = await workbench.rows('Registries');
  const from = rows.findIndex(row => row.startsWith('early'));
  assert.deepEqual(rows.slice(from, from + 5), [
    'early added',
    'first.txt 15 B · added',
    'noise 900 kB · added',
    'second.txt 11 B · added',
    'late added',
  ]);
  assert.equal(await first.getAttribute('aria-selected'), 'true');
  await workbench.screenshot('reading-done');
});

test('stops reading a layer and resumes it', async t => {
  const slow = fill('stopped');
  const never = new Promise<void>(() => undefined);
  registry.fault(
    { path: slow.digest, method: 'GET', times: 1 },
    pauseAt(600_000, () => never),
  );
  const { workbench } = await openWindow(t, editor, settings());
  await openLayer(workbench, 'stopped');
  await workbench.inlineAction('Registries', /^Reading… \d+ %$/, 'Stop Reading');
  const stopped = workbench.row('Registries', /^Reading was stopped/);
  await stopped.waitFor();
  assert.equal(await workbench.row('Registries', 'early').count(), 0);
  await workbench.screenshot('reading-stopped');
  await stopped.click();
  await workbench.row('Registries', 'late').waitFor();
});
