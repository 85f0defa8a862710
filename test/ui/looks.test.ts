import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** How rows look in each kind of theme; the screenshots are for people to judge. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('looks');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

const THEMES = ['Default Dark Modern', 'Default Light Modern', 'Default High Contrast', 'Default High Contrast Light'];

test('states of rows have colours in every kind of theme', async t => {
  const closed = await startRegistry({ store: demo.store, access: { scheme: 'basic', users: { alice: 's3cret' } } });
  t.after(() => closed.close());
  const settings = { 'peel.registries': [{ url: closed.url }, { url: demo.url, insecure: true }] };
  const { workbench } = await openWindow(t, editor, { settings });
  await workbench.showSidebar('Peel');
  await workbench.collapseView('Images');
  await workbench.expand('Registries', closed.host);
  await workbench.row('Registries', 'Sign-in required').waitFor();
  await workbench.expandPath('Registries', demo.host, 'demo/hello', 'single', 'Layers', /^4 · /, 'app');
  const deleted = workbench.row('Registries', '.env');
  await deleted.waitFor();
  const colors = new Set<string>();
  for (const theme of THEMES) {
    await editor.writeSettings({ ...settings, 'workbench.colorTheme': theme });
    const label = deleted.locator('.label-name');
    const other = workbench.row('Registries', 'app').locator('.label-name');
    await workbench.until(`${theme} colours what a layer deletes`, async () => {
      const color: unknown = await label.evaluate('element => getComputedStyle(element).color');
      const plain: unknown = await other.evaluate('element => getComputedStyle(element).color');
      const fresh = !colors.has(`${String(color)} on ${String(plain)}`) && color !== plain;
      if (fresh) colors.add(`${String(color)} on ${String(plain)}`);
      return fresh;
    });
    await workbench.screenshot(`looks-${theme.replaceAll(' ', '-').toLowerCase()}`);
  }
  assert.equal(colors.size, THEMES.length);
});
