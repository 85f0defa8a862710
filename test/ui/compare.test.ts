import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** Two images beside each other, as a person compares them. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('compare');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

test('two tags are compared from a row, and a changed file opens in the editor for differences', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/hello', '1.0.0');
  // The rows are drawn anew when their sizes are known, and a menu that is open then has lost its row.
  await workbench.until('the platforms show their sizes', async () => {
    const platforms = (await workbench.rows('Registries')).filter(text => text.startsWith('linux/'));
    return platforms.length === 2 && platforms.every(text => / \d.*B/.test(text));
  });
  await workbench.contextMenu('Registries', /^linux\/amd64/, 'Compare Images…');
  await workbench.answer(`${demo.host}/demo/hello:2.0.0`, /compare/);
  const page = workbench.webview;
  await page.getByRole('heading', { level: 1, name: /1\.0\.0 .*↔ .*2\.0\.0/ }).waitFor();
  assert.match(await page.locator('main').innerText(), /\d+ changed/);
  await workbench.screenshot('compare');
  await page.getByRole('link', { name: 'VERSION' }).press('Enter');
  await workbench.tab('VERSION').first().waitFor();
  await workbench.page.locator('.diff-editor, .monaco-diff-editor').first().waitFor();
  await workbench.page.getByText('hello 2.0.0').first().waitFor();
  await workbench.screenshot('compare-file');

  t.diagnostic('when the window is loaded anew the comparison comes back');
  await workbench.untilStored('↔');
  await workbench.reload();
  await workbench.tab('↔').first().click();
  await page.getByRole('heading', { level: 1, name: /1\.0\.0 .*↔ .*2\.0\.0/ }).waitFor();
  assert.match(await page.locator('main').innerText(), /\d+ changed/);
  await workbench.screenshot('compare-restored');
});
