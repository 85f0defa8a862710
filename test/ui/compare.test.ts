import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** Comparing two images from the UI. */
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

test('compares two tags from a row, and opens a changed file in the diff editor', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/hello', '1.0.0');
  // The rows are redrawn when their sizes are known; an open menu would then lose its row.
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

  t.diagnostic('the comparison returns when the window is reloaded');
  await workbench.untilStored('↔');
  await workbench.reload();
  await workbench.tab('↔').first().click();
  await page.getByRole('heading', { level: 1, name: /1\.0\.0 .*↔ .*2\.0\.0/ }).waitFor();
  assert.match(await page.locator('main').innerText(), /\d+ changed/);
  await workbench.screenshot('compare-restored');
});
