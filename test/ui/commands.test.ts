import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** Messages and prompts of commands that meet an obstacle. */
let registry: Registry;
let editor: EditorServer;

/** The folder is not trusted, and the editor does not ask. */
const UNTRUSTED = {
  settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
};

before(async () => {
  registry = await startRegistry();
  fillDemo(registry);
  editor = await startEditor('commands', { workspaceTrust: true });
});

after(async () => {
  await editor?.stop();
  await registry?.close();
});

test('shows a failure once, with an action that helps', async t => {
  const { workbench } = await openWindow(t, editor, UNTRUSTED);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/demo/hello:none`);
  await workbench.toast(/does not have manifest none of demo\/hello/).waitFor();
  await workbench.screenshot('commands-not-found');
  const toasts = workbench.page.locator('.notification-toast');
  await workbench.until('only the failure is shown', async () => (await toasts.count()) === 1);
  assert.equal(await workbench.page.locator('.monaco-dialog-box').count(), 0);
});

test('leaves an existing folder as it is, and offers another name', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  const taken = join(folder, 'images/busybox-latest');
  mkdirSync(taken, { recursive: true });
  writeFileSync(join(taken, 'mine.txt'), 'mine');
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox`);
  await workbench.clickToast(/is not empty and isn't a pulled image/, 'Choose Another Name…');
  await workbench.expectPrompt(/Folder name for the image/);
  await workbench.screenshot('commands-other-name');
  const offered = await workbench.quickInputBox.inputValue();
  assert.equal(offered, 'busybox-latest-2');
  // VS Code shows a fourth notification within 0.8 seconds only in the notification center. No user
  // answers that fast.
  await workbench.toast(/Pulling/).waitFor({ state: 'hidden' });
  await workbench.answer(offered);
  await workbench.toast(/Pulled .*busybox-latest-2/).waitFor();
  assert.deepEqual(readdirSync(taken), ['mine.txt']);
  assert.ok(existsSync(join(folder, 'images/busybox-latest-2/layers/1/bin/busybox')));
});

test('offers to remove an image whose description is damaged, and pulls it again', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  const image = join(folder, 'images/busybox-latest');
  const pull = async (): Promise<void> => {
    await workbench.command('Peel: Pull Image…');
    await workbench.answer(`${registry.host}/library/busybox`);
  };
  await pull();
  await workbench.toast(/Pulled/).waitFor();
  await workbench.clearToasts();
  writeFileSync(join(image, 'peel.json'), '{"version":1,');
  // The image is not listed, but the command named in the messages finds it.
  await workbench.command('Peel: Remove Image…');
  await workbench.answerDialog(/Remove the pulled image in busybox-latest/, 'Cancel');
  await pull();
  await workbench.clickToast(/has a pulled image whose peel\.json is damaged/, 'Remove…');
  await workbench.dialog.waitFor();
  await workbench.screenshot('commands-damaged');
  await workbench.answerDialog(/Remove the pulled image in busybox-latest/, 'Remove');
  // The editor shows no toast for a notification that follows others too soon.
  const description = join(image, 'peel.json');
  await workbench.until(
    'the image is there again',
    async () => existsSync(description) && readFileSync(description, 'utf8').includes('"complete": true'),
  );
  assert.ok(existsSync(join(image, 'layers/1/bin/busybox')));
});

test('runs nothing in a terminal for an untrusted workspace', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox`);
  await workbench.clickToast(/Pulled/, 'Mount');
  await workbench.toast(/runs no terminal commands in an untrusted workspace\. Trust the workspace first/).waitFor();
  await workbench.screenshot('commands-untrusted');
  assert.deepEqual(readdirSync(join(folder, 'images/busybox-latest/merged')), []);
  assert.equal(await workbench.page.locator('.terminal-wrapper').count(), 0);
});

test('cancels a pull without a message or a partial layer, and resumes at the next pull', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  const held = Promise.withResolvers<void>();
  const fault = registry.fault({ path: '/blobs/', method: 'GET' }, async reply => {
    await held.promise;
    return reply;
  });
  // Another image than before: its layers are not cached yet.
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox:oci`);
  const toast = workbench.toast(/Pulling/);
  await toast.waitFor();
  await workbench.screenshot('commands-pulling');
  await toast.getByRole('button', { name: 'Cancel' }).click();
  await toast.waitFor({ state: 'detached' });
  held.resolve();
  fault.remove();
  assert.equal(existsSync(join(folder, 'images/busybox-oci/layers/1')), false);
  assert.equal(await workbench.page.locator('.notification-toast').count(), 0);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox:oci`);
  await workbench.toast(/Pulled/).waitFor();
  assert.ok(existsSync(join(folder, 'images/busybox-oci/layers/1/bin/busybox')));
});
