import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { openWindow, startEditor } from './window.ts';

let editor: EditorServer;
before(async () => {
  editor = await startEditor('sidebar');
});
after(() => editor.stop());

test('the sidebar shows the two views, empty, each with a way on', async t => {
  const { workbench } = await openWindow(t, editor);
  await workbench.showSidebar('Peel');
  await workbench.welcome('Registries').waitFor();
  await workbench.view('Images').waitFor();
  assert.match(await workbench.welcome('Registries').innerText(), /Add Registry/);
  await workbench.screenshot('sidebar-empty');
});
