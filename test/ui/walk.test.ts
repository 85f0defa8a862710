import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { BUSYBOX_ROOT, pushBusybox } from '../support/busybox.ts';
import { startDockerRegistry, type DockerRegistry } from '../support/servers/dockerRegistry.ts';
import { run } from '../support/run.ts';
import { createTestUser, type TestUser } from '../support/users.ts';
import { openWindow, startEditor } from './window.ts';
import type { Workbench } from './workbench.ts';

/**
 * A first user's path, by clicks and typing only: add a registry, find an image, open it, pull it,
 * mount it, look around, write to it and unmount it. The editor runs as a normal user, so that sudo
 * asks for the password in the terminal.
 */
let registry: DockerRegistry;
let user: TestUser;
let editor: EditorServer;

before(async () => {
  registry = await startDockerRegistry();
  await pushBusybox(registry);
  user = await createTestUser();
  editor = await startEditor('walk', { user });
});

after(async () => {
  await editor?.stop();
  await user?.remove();
  await registry?.close();
});

test('from a registry to a mounted image and back', { timeout: 10 * 60_000 }, async t => {
  const { workbench, folder } = await openWindow(t, editor, {
    settings: { 'workbench.colorTheme': 'Default Dark Modern' },
  });
  const { host } = registry;
  const image = join(folder, 'images', 'busybox-latest');
  const merged = join(image, 'merged');
  const pulled = 'busybox:latest';
  // Whatever happens, nothing stays mounted.
  t.after(() => run('sh', ['-c', 'mountpoint -q "$1" && umount -l "$1" || true', 'sh', merged]));

  t.diagnostic('a registry is added by typing its address');
  await workbench.showSidebar('Peel');
  await workbench.widenSidebar(110);
  await workbench.command('Peel: Add Registry…');
  await workbench.answer(host, 'address');
  await workbench.row('Registries', host).waitFor();

  t.diagnostic('the tree expands from the registry down to the layers');
  await workbench.expandPath('Registries', host, 'library/busybox', 'multi');
  await workbench.row('Registries', 'linux/amd64').waitFor();
  await workbench.row('Registries', 'linux/arm64/v8').waitFor();
  await workbench.screenshot('walk-tags-and-platforms');
  await workbench.row('Registries', 'multi').locator('.monaco-tl-twistie').click();
  await workbench.expandPath('Registries', 'latest', 'Layers');
  await workbench.row('Registries', /^1 · /).waitFor();
  const layer = (await workbench.rows('Registries')).find(row => row.startsWith('1 · '));
  assert.match(layer ?? '', /^1 · ADD busybox\.tar\.gz \/.* [\d.]+ [kM]B/);
  await workbench.screenshot('walk-layers');

  t.diagnostic('Manifest and Config open as read-only JSON');
  await workbench.row('Registries', 'Manifest').first().click();
  await workbench.waitForEditor(/"schemaVersion": 2/);
  await workbench.screenshot('walk-manifest');
  await workbench.row('Registries', 'Config').first().click();
  await workbench.waitForEditor(/"architecture": "/);
  await workbench.page.locator('.monaco-editor .view-lines').first().click();
  await workbench.page.keyboard.type('x');
  await workbench.page.getByText('Cannot edit in read-only editor').first().waitFor();

  t.diagnostic('the image is pulled');
  await workbench.inlineAction('Registries', 'latest', 'Pull Image…');
  await workbench.toast(/Pulled/).waitFor({ timeout: 60_000 });
  await workbench.screenshot('walk-pulled');
  await workbench.clickToast(/Pulled/, 'Show in Images');
  // Showing the row has expanded it.
  await workbench.row('Images', 'Manifest').waitFor();
  await workbench.expandPath('Images', 'Layers', /^1 · /, 'etc');
  await workbench.row('Images', 'passwd').click();
  await workbench.waitForEditor(/root:x:0:0/);
  await workbench.screenshot('walk-file-from-tree');

  t.diagnostic('an extracted file opens from the Explorer');
  await workbench.showSidebar('Explorer');
  // The Explorer follows the active editor, so the folder is already expanded.
  await workbench.page.locator('.explorer-folders-view .monaco-list-row', { hasText: /^group$/ }).click();
  await workbench.waitForEditor(/root:x:0:/);
  await workbench.screenshot('walk-file-from-explorer');

  t.diagnostic('mounting shows its command lines and asks for the password in the terminal');
  await workbench.showSidebar('Peel');
  await workbench.inlineAction('Images', pulled, 'Mount Image');
  const lines = await workbench.waitForTerminal(/password for/);
  assert.match(lines, /sudo .*mount -t overlay -o /);
  await workbench.screenshot('walk-password');
  await workbench.typeInTerminal(user.password);
  await workbench.until('the image is shown as mounted', async () => (await stateOf(workbench, pulled)) === 'mounted');
  assert.deepEqual(readdirSync(merged).sort(), [...BUSYBOX_ROOT].sort());
  assert.ok(!(await workbench.terminalText()).includes(user.password), 'the password is not echoed');
  await workbench.row('Images', 'Layers').locator('.monaco-tl-twistie').click();
  await workbench.expandPath('Images', 'Merged');
  await workbench.row('Images', 'var').waitFor();
  const shown = await workbench.rows('Images');
  assert.deepEqual(shown.slice(shown.findIndex(row => row.startsWith('Merged')) + 1).slice(0, BUSYBOX_ROOT.length), [
    ...BUSYBOX_ROOT,
  ]);
  await workbench.clearToasts();
  await workbench.screenshot('walk-mounted');

  t.diagnostic('a shell runs in the image, and writes to overlay/upper');
  await workbench.inlineAction('Images', pulled, 'Open Shell in Image');
  await workbench.waitForTerminal(/chroot[^]*password for/);
  await workbench.typeInTerminal(user.password);
  await workbench.waitForTerminal(/^\/ # ?$/m);
  await workbench.typeInTerminal('echo from the shell > /etc/written; ls /; echo DONE');
  const listed = await workbench.waitForTerminal(/^DONE/m);
  for (const name of BUSYBOX_ROOT) assert.match(listed, new RegExp(`\\b${name}\\b`));
  assert.equal(readFileSync(join(image, 'overlay/upper/etc/written'), 'utf8'), 'from the shell\n');
  assert.equal(existsSync(join(image, 'layers/1/etc/written')), false);
  await workbench.screenshot('walk-shell');
  await workbench.typeInTerminal('exit');

  t.diagnostic('the state is still right after a reload');
  await workbench.reload();
  await workbench.showSidebar('Peel');
  await workbench.row('Images', pulled).waitFor();
  await workbench.until('the image is shown as mounted', async () => (await stateOf(workbench, pulled)) === 'mounted');
  await workbench.screenshot('walk-reloaded');

  t.diagnostic('the image is unmounted');
  await workbench.inlineAction('Images', pulled, 'Unmount Image');
  await workbench.waitForTerminal(/umount[^]*password for/);
  await workbench.typeInTerminal(user.password);
  await workbench.until(
    'the image is shown as unmounted',
    async () => (await stateOf(workbench, pulled)) === 'extracted',
  );
  // The row follows the kernel and may be ahead of the task, which unmounts everything it finds
  // there.
  await workbench.waitForTerminal(/Peel: unmounted/);
  assert.deepEqual(readdirSync(merged), []);
  await workbench.screenshot('walk-unmounted');

  t.diagnostic('a mount and unmount by another program are noticed, too');
  await run('mount', ['-t', 'tmpfs', 'none', merged]);
  await workbench.until('the image is shown as mounted', async () => (await stateOf(workbench, pulled)) === 'mounted');
  await run('umount', [merged]);
  await workbench.until(
    'the image is shown as unmounted',
    async () => (await stateOf(workbench, pulled)) === 'extracted',
  );
});

/** Returns the first word of a pulled image's description. */
async function stateOf(workbench: Workbench, image: string): Promise<string> {
  const row = (await workbench.rows('Images')).find(text => text.startsWith(`${image} `)) ?? '';
  return row.slice(image.length + 1).split(' · ')[0] ?? '';
}
