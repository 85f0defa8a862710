import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** The picker of every command that asks for an image. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('openImage');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

test('completes repositories and tags, and offers what was opened before', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  const has = (label: string): Promise<void> =>
    workbench.until(`${label} is offered`, async () => (await workbench.picks()).includes(label));
  await workbench.showSidebar('Peel');

  t.diagnostic('registries, without a request');
  const asked = demo.requests.length;
  await workbench.command('Peel: Open Image…');
  await workbench.expectPrompt('image reference');
  await has(`${demo.host}/`);
  await workbench.screenshot('open-image-empty');
  assert.equal(demo.requests.length, asked);

  t.diagnostic('repositories after the registry, and tags after the colon');
  await workbench.pick(`${demo.host}/`);
  await has('demo/hello');
  await workbench.screenshot('open-image-repositories');
  await workbench.pick('demo/hello');
  await workbench.until('the box continues with the repository', async () => {
    return (await workbench.quickInputBox.inputValue()) === `${demo.host}/demo/hello:`;
  });
  await has('2.0.0');
  await workbench.screenshot('open-image-tags');
  // Enter on an unfinished reference does nothing.
  await workbench.page.keyboard.press('Enter');
  await workbench.expectPrompt('Continue with a tag');
  await workbench.pick('2.0.0');
  await workbench.row('Registries', 'Manifest').waitFor();

  t.diagnostic('a registry that is not in the list is not asked');
  const other = await startRegistry();
  t.after(() => other.close());
  await workbench.command('Peel: Open Image…');
  await has(`${demo.host}/demo/hello:2.0.0`);
  await workbench.quickInputBox.fill(`${other.host}/`);
  await workbench.expectPrompt('Continue with a repository');
  await workbench.screenshot('open-image-recent');
  assert.deepEqual(other.requests, []);
  await workbench.page.keyboard.press('Escape');
});

test('begins with the reference that the active editor names', async t => {
  const { workbench } = await openWindow(t, editor, { settings: { 'peel.registries': [{ url: demo.url }] } });
  await workbench.command('File: New Untitled Text File');
  await workbench.page.keyboard.type(`FROM ${demo.host}/demo/hello:1.0.0 AS build`);
  await workbench.command('Peel: Open Image…');
  await workbench.expectPrompt('image reference');
  assert.equal(await workbench.quickInputBox.inputValue(), `${demo.host}/demo/hello:1.0.0`);
  await workbench.page.keyboard.press('Escape');
});
