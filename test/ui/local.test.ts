import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { compress } from '../support/compress.ts';
import { image, layer } from '../support/image.ts';
import { writeLayout } from '../support/layout.ts';
import { sha256 } from '../support/registry/store.ts';
import { directory, file, tar } from '../support/tar.ts';
import { openWindow, startEditor } from './window.ts';

let editor: EditorServer;
before(async () => {
  editor = await startEditor('local');
});
after(() => editor.stop());

/** An archive as `docker save` writes it, of an image with one layer. */
function saved(): Buffer {
  const only = layer([directory('etc/'), file('etc/motd', 'hello\n')], { createdBy: 'COPY motd /etc/motd' });
  const { config } = image({ layers: [only] });
  const name = `${sha256(config).slice(7)}.json`;
  const manifest = [{ Config: name, RepoTags: ['demo/hello:2.0'], Layers: ['1/layer.tar'] }];
  return tar(file('1/layer.tar', only.tar), file(name, config), file('manifest.json', JSON.stringify(manifest)));
}

test('opens an archive from the Explorer, shows its files, and exports it in another format', async t => {
  // The archive is all ASCII, so it can be written as a string.
  const files = { 'hello.tar': saved().toString('latin1') };
  const { workbench, folder } = await openWindow(t, editor, { settings: { 'peel.registries': [] }, files });
  // The Explorer appears before the extension is loaded.
  await workbench.showSidebar('Peel');
  await workbench.welcome('Registries').waitFor();
  await workbench.showSidebar('Explorer');
  const entry = workbench.page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'hello.tar' });
  await entry.click({ button: 'right' });
  const open = workbench.menuItem('Open Local Image…');
  await open.waitFor();
  await workbench.screenshot('local-explorer');
  // A menu ignores clicks in the moment after it opens.
  await workbench.until('the menu is closed', async () => {
    if ((await open.count()) === 0) return true;
    await open.click({ timeout: 1000 }).catch(() => undefined);
    return false;
  });
  await workbench.row('Registries', '2.0').waitFor();
  const rows = await workbench.rows('Registries');
  assert.ok(
    rows.some(row => row.startsWith('hello.tar')),
    rows.join('\n'),
  );
  await workbench.expand('Registries', '2.0');
  await workbench.expand('Registries', /^Layers/);
  await workbench
    .row('Registries', /^1 · COPY/)
    .first()
    .waitFor();
  await workbench.screenshot('local-tree');
  await workbench.contextMenu('Registries', '2.0', 'Export Image…');
  await workbench.pick('Root file system');
  await workbench.expectPrompt('Export');
  await workbench.screenshot('local-export');
  const archive = join(folder, 'hello-2.0.rootfs.tar');
  await workbench.until('a proposed name', async () => (await workbench.quickInputBox.inputValue()) === archive);
  await workbench.quickInput.getByRole('button', { name: 'OK' }).click();
  await workbench.toast(/Exported to/).waitFor();
  assert.ok(existsSync(archive));
  assert.ok(readFileSync(archive).includes('etc/motd\0'));
  await workbench.contextMenu('Registries', /^hello\.tar/, 'Remove Registry…');
  await workbench.row('Registries', /^hello\.tar/).waitFor({ state: 'detached' });

  t.diagnostic('of the folders, only layouts can be opened from the Explorer');
  writeLayout(join(folder, 'layout'), image({ layers: [layer([file('a', 'a')])] }), 'v1');
  mkdirSync(join(folder, 'source'));
  writeFileSync(join(folder, 'source', 'a.txt'), 'a');
  await workbench.showSidebar('Explorer');
  const explorer = 'Files Explorer';
  await workbench.row(explorer, 'layout').waitFor();
  await workbench.until('a layout has the entry', async () =>
    (await workbench.contextMenuEntries(explorer, 'layout')).includes('Open Local Image…'),
  );
  assert.ok(!(await workbench.contextMenuEntries(explorer, 'source')).includes('Open Local Image…'));
});

test('opens a compressed archive and a layout folder from the palette', async t => {
  const { workbench, folder } = await openWindow(t, editor, { settings: { 'peel.registries': [] } });
  writeFileSync(join(folder, 'hello.tar.gz'), compress(saved(), 'gzip'));
  writeLayout(join(folder, 'layout'), image({ layers: [layer([file('a', 'a')])] }), 'v1');
  await workbench.showSidebar('Peel');
  await workbench.welcome('Registries').waitFor();
  await workbench.command('Peel: Open Local Image…');
  await workbench.expectPrompt('Archive or folder');
  await workbench.screenshot('local-kinds');
  await workbench.pick('Archive…');
  await workbench.chooseFile(join(folder, 'hello.tar.gz'), 'Open');
  await workbench.row('Registries', '2.0').waitFor();
  await workbench.command('Peel: Open Local Image…');
  await workbench.expectPrompt('Archive or folder');
  await workbench.pick('Folder…');
  // Choosing a folder first navigates into it.
  await workbench.chooseFile(join(folder, 'layout'), 'Open');
  await workbench.until('the folder is shown', async () =>
    (await workbench.quickInputBox.inputValue()).endsWith('/layout/'),
  );
  await workbench.quickInput.getByRole('button', { name: 'Open' }).click();
  await workbench.row('Registries', 'v1').waitFor();
  await workbench.expandPath('Registries', '2.0', 'Files', 'etc');
  await workbench.row('Registries', 'motd').click();
  await workbench.waitForEditor(/^hello\n/);
  await workbench.screenshot('local-compressed');
});
