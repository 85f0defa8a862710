import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** A pulled image has the same features as one in a registry, without a request to a registry. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('pulled');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

test('shows the page of a pulled image, compares it, and finds its files, from its row', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  const reference = `${demo.host}/demo/hello:2.0.0`;
  await workbench.showSidebar('Peel');
  await workbench.widenSidebar(120);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(reference, /image reference/);
  await workbench.toast(/Pulled/).waitFor();
  await workbench.clearToasts();
  const row = 'hello:2.0.0';
  await workbench.row('Images', row).waitFor();
  const asked = demo.requests.length;

  t.diagnostic('its page');
  await workbench.contextMenu('Images', row, 'Show Image Details');
  const page = workbench.webview;
  await page.getByRole('heading', { level: 1, name: 'hello-2.0.0' }).waitFor();
  await workbench.screenshot('pulled-page');
  await page.getByRole('link', { name: 'Analyze Files' }).press('Enter');
  await page.getByRole('heading', { name: 'Largest files' }).waitFor();

  t.diagnostic('two of its layers');
  await workbench.expandPath('Images', row, 'Layers');
  await workbench.contextMenu('Images', /^2 · /, 'Compare Layers…');
  await workbench.expectPrompt(/compare layer 2 with/);
  await workbench.pick('Layer 4');
  await page.getByRole('heading', { level: 1, name: /hello-2\.0\.0 .*layer 2 ↔ hello-2\.0\.0 .*layer 4/ }).waitFor();
  await workbench.screenshot('pulled-layers');
  assert.deepEqual(
    demo.requests.slice(asked).map(({ path }) => path),
    [],
    'the folder has all that is needed',
  );

  t.diagnostic('with another tag in its registry');
  await workbench.contextMenu('Images', row, 'Compare Images…');
  await workbench.expectPrompt(/The image to compare hello-2\.0\.0/);
  assert.equal(await workbench.quickInputBox.inputValue(), reference);
  await workbench.answer(`${demo.host}/demo/hello:1.0.0`);
  await page.getByRole('heading', { level: 1, name: /hello-2\.0\.0 .*↔ .*demo\/hello:1\.0\.0/ }).waitFor();
  await page.getByRole('link', { name: 'VERSION' }).press('Enter');
  await workbench.page.getByText('hello 1.0.0').first().waitFor();
  await workbench.tab('VERSION (hello-2.0.0 linux/amd64 ↔ hello:1.0.0 linux/amd64)').waitFor();
  await workbench.screenshot('pulled-compared');

  t.diagnostic('a file found by part of its name');
  await workbench.contextMenu('Images', row, 'Find File in Image…');
  await workbench.expectPrompt(/parts of a file/);
  await workbench.answer('hello.sh');
  await workbench.waitForEditor(/Says hello to whoever/);

  t.diagnostic('its files on disk have the usual entries, and a key removes it');
  await workbench.expandPath('Images', /^2 · /, 'app');
  // The last rows are below the edge of the view.
  await workbench.row('Images', '.env').hover();
  await workbench.page.mouse.wheel(0, 500);
  const entries = await workbench.contextMenuEntries('Images', 'hello.sh');
  assert.deepEqual(entries, ['Open to the Side', 'Reveal in Explorer', 'Copy Path']);
  await workbench.contextMenu('Images', 'hello.sh', 'Reveal in Explorer');
  await workbench.row('Files Explorer', 'hello.sh').waitFor();
  await workbench.showSidebar('Peel');
  await workbench.row('Images', row).click();
  await workbench.page.keyboard.press('Delete');
  await workbench.answerDialog(/Remove the pulled image/, 'Remove');
  await workbench.row('Images', row).waitFor({ state: 'detached' });
});
