import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { openWindow, startEditor } from './window.ts';

let editor: EditorServer;
before(async () => {
  editor = await startEditor('sidebar');
});
after(() => editor.stop());

test('a new user finds Docker Hub, and a way on where nothing is yet', async t => {
  const { workbench } = await openWindow(t, editor);
  await workbench.showSidebar('Peel');
  await workbench.row('Registries', 'docker.io').waitFor();
  await workbench.welcome('Images').waitFor();
  assert.match(await workbench.welcome('Images').innerText(), /Pull Image…/);
  await workbench.screenshot('sidebar-new');
});

test('without a registry the view offers to add one', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [] } });
  await workbench.showSidebar('Peel');
  await workbench.welcome('Registries').waitFor();
  await workbench.welcome('Registries').getByRole('button', { name: 'Add Registry…' }).click();
  await workbench.expectPrompt(/address/i);
});
