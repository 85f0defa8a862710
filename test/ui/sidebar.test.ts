import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { openWindow, startEditor } from './window.ts';

let editor: EditorServer;
before(async () => {
  editor = await startEditor('sidebar');
});
after(() => editor.stop());

test('shows Docker Hub to a new user, and what to do in an empty view', async t => {
  const { workbench } = await openWindow(t, editor);
  await workbench.showSidebar('Peel');
  await workbench.row('Registries', 'docker.io').waitFor();
  await workbench.welcome('Images').waitFor();
  assert.match(await workbench.welcome('Images').innerText(), /Pull Image…/);
  await workbench.screenshot('sidebar-new');
});

test('offers to add a registry in an empty Registries view', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [] } });
  await workbench.showSidebar('Peel');
  await workbench.welcome('Registries').waitFor();
  await workbench.welcome('Registries').getByRole('button', { name: 'Add Registry…' }).click();
  await workbench.expectPrompt(/address/i);
});
