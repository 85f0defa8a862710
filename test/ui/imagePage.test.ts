import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** The image page, as a user reads it. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('image-page');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

test('opens the image page from a row, and follows its links by mouse and keyboard', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/hello', 'latest');
  // The rows are redrawn when their sizes are known; a button about to be clicked would be gone.
  await workbench.until('the platforms show their sizes', async () => {
    const platforms = (await workbench.rows('Registries')).filter(text => text.startsWith('linux/'));
    return platforms.length > 0 && platforms.every(text => / \d.*B/.test(text));
  });
  await workbench.inlineAction('Registries', /^linux\/amd64/, 'Show Image Details');
  const page = workbench.webview;
  await page.getByRole('heading', { level: 1, name: /demo\/hello/ }).waitFor();
  const text = await page.locator('main').innerText();
  assert.match(text, /linux\/amd64 · \d+ layers/);
  assert.match(text, /Layer 2 · [\d.]+ k?B[^]*COPY app \/app/);
  // A string, because the tests' types don't include the DOM.
  const colours = '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]';
  const [foreground, background] = await page.locator('body').evaluate<string[], null>(colours, null);
  assert.notEqual(foreground, background, 'the theme is applied');
  assert.notEqual(background, 'rgba(0, 0, 0, 0)');
  await workbench.screenshot('image-page');

  await page.getByRole('link', { name: 'Show Config' }).focus();
  await workbench.page.keyboard.press('Enter');
  await workbench.waitForEditor(/"architecture": "amd64"/);
  await workbench.tab('demo/hello').first().click();
  await page.locator('.history li').last().scrollIntoViewIfNeeded();
  await workbench.screenshot('image-page-history');

  await page.getByRole('link', { name: 'Analyze Files' }).press('Enter');
  await page.getByRole('heading', { name: 'Largest files' }).waitFor();
  assert.match(await page.locator('main').innerText(), /\/app\/\.env\s+2\s+environment variables/);
  await page.getByRole('heading', { name: 'Files that look like secrets' }).scrollIntoViewIfNeeded();
  await page.getByRole('img', { name: /Sizes of the folders/ }).scrollIntoViewIfNeeded();
  await workbench.screenshot('image-page-files');
  await page.locator('table tr').last().scrollIntoViewIfNeeded();
  await workbench.screenshot('image-page-wasted');
  await page.getByRole('link', { name: '/app/.env' }).first().click();
  await workbench.waitForEditor(/API_KEY/);

  t.diagnostic('the page returns with the files when the window is reloaded, without a request to a registry');
  const before = demo.requests.length;
  await workbench.untilStored('/demo/hello:latest');
  await workbench.reload();
  await workbench.tab('demo/hello').first().click();
  await page.getByRole('heading', { name: 'Largest files' }).waitFor();
  await page.getByRole('heading', { level: 1, name: /demo\/hello:latest/ }).waitFor();
  await workbench.screenshot('image-page-restored');
  assert.deepEqual(
    demo.requests.slice(before).filter(({ path }) => /\/(manifests|blobs)\//.test(path)),
    [],
  );
  await page.getByRole('link', { name: 'Show Config' }).press('Enter');
  await workbench.waitForEditor(/"architecture": "amd64"/);
});
