import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openWindow, startEditor } from './window.ts';

/** What a person is told and asked when a command does not go the straight way. */
let registry: Registry;
let editor: EditorServer;

/** Nobody said that the folder is trusted, and nobody is asked. */
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

test('a failure is told once, with what helps against it', async t => {
  const { workbench } = await openWindow(t, editor, UNTRUSTED);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/demo/hello:none`);
  await workbench.toast(/does not have manifest none of demo\/hello/).waitFor();
  await workbench.screenshot('commands-not-found');
  const toasts = workbench.page.locator('.notification-toast');
  await workbench.until('only the failure is told', async () => (await toasts.count()) === 1);
  assert.equal(await workbench.page.locator('.monaco-dialog-box').count(), 0);
});

test('a folder that is taken stays as it is, and another name is offered', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  const taken = join(folder, 'images/busybox-latest');
  mkdirSync(taken, { recursive: true });
  writeFileSync(join(taken, 'mine.txt'), 'mine');
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox`);
  await workbench.clickToast(/is not empty and holds no pulled image/, 'Choose Another Name…');
  await workbench.expectPrompt(/Name of the image's folder/);
  await workbench.screenshot('commands-other-name');
  const offered = await workbench.quickInputBox.inputValue();
  assert.equal(offered, 'busybox-latest-2');
  // Of more than three notifications within 0.8 seconds, VS Code shows the rest in its list alone. Nobody answers so fast.
  await workbench.toast(/Pulling/).waitFor({ state: 'hidden' });
  await workbench.answer(offered);
  await workbench.toast(/Pulled .*busybox-latest-2/).waitFor();
  assert.deepEqual(readdirSync(taken), ['mine.txt']);
  assert.ok(existsSync(join(folder, 'images/busybox-latest-2/layers/1/bin/busybox')));
});

test('an image whose description is damaged is removed on the way, and pulled again', async t => {
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
  // It is in no list, but the command that the messages name knows it.
  await workbench.command('Peel: Remove Image…');
  await workbench.answerDialog(/Remove the pulled image in busybox-latest/, 'Cancel');
  await pull();
  await workbench.clickToast(/holds a pulled image whose peel\.json is damaged/, 'Remove…');
  await workbench.dialog.waitFor();
  await workbench.screenshot('commands-damaged');
  await workbench.answerDialog(/Remove the pulled image in busybox-latest/, 'Remove');
  // The editor shows no toast for what comes so soon after others.
  const description = join(image, 'peel.json');
  await workbench.until(
    'the image is there again',
    async () => existsSync(description) && readFileSync(description, 'utf8').includes('"complete": true'),
  );
  assert.ok(existsSync(join(image, 'layers/1/bin/busybox')));
});

test('nothing is run in a terminal for a workspace that is not trusted', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  await workbench.command('Peel: Pull Image…');
  await workbench.answer(`${registry.host}/library/busybox`);
  await workbench.clickToast(/Pulled/, 'Mount');
  await workbench.toast(/not trusted.*Trust the workspace first/).waitFor();
  await workbench.screenshot('commands-untrusted');
  assert.deepEqual(readdirSync(join(folder, 'images/busybox-latest/merged')), []);
  assert.equal(await workbench.page.locator('.terminal-wrapper').count(), 0);
});

test('a pull that is cancelled says nothing, leaves no layer, and goes on at the next pull', async t => {
  const { workbench, folder } = await openWindow(t, editor, UNTRUSTED);
  const held = Promise.withResolvers<void>();
  const fault = registry.fault({ path: '/blobs/', method: 'GET' }, async reply => {
    await held.promise;
    return reply;
  });
  // Another image than those before: its layers are in no cache yet.
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
