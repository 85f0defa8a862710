import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** Menus that are open while rows are redrawn. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('menus');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

test('an open menu still applies to its row when sizes arrive', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  const held = Promise.withResolvers<void>();
  const fault = demo.fault({ path: /\/manifests\/sha256:/, method: 'GET' }, async reply => {
    await held.promise;
    return reply;
  });
  t.after(() => {
    held.resolve();
    fault.remove();
  });
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/hello', '2.0.0');
  const row = workbench.row('Registries', 'linux/amd64');
  await row.waitFor();
  await row.click({ button: 'right' });
  const entry = workbench.menuItem('Show Image Config');
  await entry.waitFor();
  held.resolve();
  await workbench.until('the platforms show their sizes', async () => {
    const platforms = (await workbench.rows('Registries')).filter(text => text.startsWith('linux/'));
    return platforms.length === 2 && platforms.every(text => / \d.*B/.test(text));
  });
  await workbench.screenshot('menus-sizes');
  assert.ok(await entry.isVisible(), 'the menu is still open');
  await entry.click();
  await workbench.waitForEditor(/"architecture": "amd64"/);
});
