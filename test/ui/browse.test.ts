import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { editorName, openPage, openWindow, startEditor } from './window.ts';
import type { Workbench } from './workbench.ts';

/** Browsing an image that was not pulled, as a folder of the workspace. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  editor = await startEditor('browse', { workspaceTrust: true });
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

const EXPLORER = 'Files Explorer';
/** The address of a window with several folders, or with one that is not on the disk. */
const WORKSPACE = /[?&]workspace=/;

function settings(more: Readonly<Record<string, unknown>> = {}): { readonly settings: Record<string, unknown> } {
  return { settings: { 'peel.registries': [{ url: demo.url }], ...more } };
}

test('adds an image to the Explorer as a folder, shows its files, and removes it', async t => {
  const { workbench, folder } = await openWindow(t, editor, settings());
  const name = `${demo.host}/demo/hello:2.0.0`;
  await workbench.showSidebar('Peel');
  await openPlatforms(workbench, '2.0.0');
  await workbench.contextMenu('Registries', /^linux\/amd64/, 'Add Image Files to Explorer…');

  t.diagnostic('the window asks, then reloads with both folders');
  await reopenAsWorkspace(workbench);
  await shownInExplorer(workbench, name);
  await workbench.row(EXPLORER, 'readme.txt').waitFor();
  await workbench.expandPath(EXPLORER, name, 'app');
  await workbench.row(EXPLORER, 'README.md').click();
  await workbench.waitForEditor(/version 2\.0\.0/);
  const crumbs = (await workbench.breadcrumbs()).slice(0, 3);
  assert.deepEqual(crumbs, [name, 'app', 'README.md']);
  await workbench.screenshot('browse-text');

  t.diagnostic('typing is refused');
  await workbench.page.locator('.monaco-editor .view-lines').first().click();
  await workbench.page.keyboard.type('x');
  await workbench.page.getByText("The files of an image can't be changed").first().waitFor();
  await workbench.screenshot('browse-read-only');
  assert.match(await workbench.editorText(), /^# Hello\n/);

  t.diagnostic('a picture, and a link to a file');
  await workbench.expand(EXPLORER, 'assets');
  await workbench.row(EXPLORER, 'logo.png').click();
  await workbench.webview.locator('img').waitFor();
  await workbench.statusBarItem('64x64').waitFor();
  await workbench.screenshot('browse-picture');
  await workbench.row(EXPLORER, 'start').click();
  await workbench.waitForEditor(/Says hello to whoever/);

  t.diagnostic('the path is copied');
  await workbench.contextMenu(EXPLORER, 'VERSION', 'Copy Path in Image');
  await workbench.command('File: New Untitled Text File');
  await workbench.tab('Untitled-1').waitFor();
  await workbench.page.keyboard.press('Control+V');
  await workbench.waitForEditor(/^\/app\/VERSION$/);

  t.diagnostic('a copy is saved to the disk');
  await workbench.contextMenu(EXPLORER, 'hello.sh', 'Save File…');
  await workbench.expectPrompt('Save File');
  const target = join(folder, 'hello.sh');
  await workbench.until('a proposed name', async () => (await workbench.quickInputBox.inputValue()) === target);
  await workbench.screenshot('browse-save');
  await workbench.quickInput.getByRole('button', { name: 'OK' }).click();
  await workbench.toast(/Saved .*hello\.sh/).waitFor();
  assert.match(readFileSync(target, 'utf8'), /Says hello/);

  t.diagnostic('a file of the active image is found by parts of its path');
  await workbench.row(EXPLORER, 'VERSION').click();
  await workbench.waitForEditor(/hello 2\.0\.0/);
  await workbench.command('Peel: Find File in Image…');
  await workbench.expectPrompt(/parts of a file/);
  await workbench.quickInputBox.pressSequentially('datatab', { delay: 10 });
  await workbench.until('the file is first', async () => (await workbench.picks()).includes('table.csv'));
  await workbench.screenshot('browse-find');
  await workbench.page.keyboard.press('Enter');
  await workbench.waitForEditor(/id,name\n0,row 0/);

  t.diagnostic('the text of a folder is searched from its row in the Explorer');
  await workbench.contextMenu(EXPLORER, 'app', 'Search in Image…');
  await workbench.expectPrompt(/demo\/hello.* · \/app/);
  await workbench.quickInputBox.fill('Says hello');
  await workbench.page.keyboard.press('Enter');
  await workbench.row('Search', /^1 result in 1 file/).waitFor();
  await workbench.row('Search', /^# Says hello to whoever/).click();
  await workbench.statusBarItem(/Ln 2, Col 13 \(10 selected\)/).waitFor();
  await workbench.screenshot('browse-search');

  t.diagnostic('the folder is removed');
  await workbench.showSidebar('Explorer');
  await workbench.contextMenu(EXPLORER, name, 'Remove Folder from Workspace');
  await workbench.row(EXPLORER, name).waitFor({ state: 'detached' });
  await workbench.row(EXPLORER, 'readme.txt').waitFor();
  await workbench.screenshot('browse-removed');
  assert.ok(existsSync(target));
});

test('opens files that a layer deletes or changes from their rows', async t => {
  const { workbench } = await openWindow(t, editor, settings());
  await workbench.showSidebar('Peel');
  await workbench.widenSidebar(160);
  await workbench.collapseView('Images');
  await openPlatforms(workbench, '2.0.0');
  await workbench.expandPath('Registries', /^linux\/amd64/, 'Layers', /^4 · /, 'app');
  await workbench.row('Registries', '.env').waitFor();
  const rows = await workbench.rows('Registries');
  assert.ok(
    rows.some(row => /^\.env \d+ B · deleted$/.test(row)),
    rows.join('\n'),
  );
  assert.ok(rows.some(row => /^settings\.json \d+ B · changed$/.test(row)));
  await workbench.row('Registries', '.env').click();
  await workbench.waitForEditor(/API_KEY=/);
  await workbench.screenshot('browse-deleted');
  await workbench.row('Registries', 'settings.json').click();
  await workbench.waitForEditor(/"debug": false/);

  t.diagnostic('from a layer to the files of all layers, and from an editor to the layer of its file');
  await workbench.contextMenu('Registries', 'settings.json', 'Reveal in Files');
  await workbench.until('the file is selected among all', async () => {
    const levels = await workbench.selectedPath('Registries');
    return levels.slice(-3).join('/') === 'Files/app/settings.json';
  });
  await workbench.screenshot('browse-reveal-in-files');
  await workbench.row('Registries', 'hello.sh').last().click();
  await workbench.waitForEditor(/Says hello to whoever/);
  await workbench.command('Peel: Reveal in Layer');
  await workbench.until('the file is selected below its layer', async () => {
    const levels = await workbench.selectedPath('Registries');
    return /\/2 · [^/]+ \/app\/app\/hello\.sh$/.test(levels.join('/'));
  });
  await workbench.screenshot('browse-reveal-in-layer');
});

test('files of one name from two images can be told apart', async t => {
  const { workbench } = await openWindow(t, editor, settings());
  await workbench.showSidebar('Peel');
  await workbench.collapseView('Images');
  for (const tag of ['1.0.0', '2.0.0']) {
    await openPlatforms(workbench, tag);
    await workbench.expandPath('Registries', /^linux\/amd64/, 'Files', 'app');
    await workbench.row('Registries', 'README.md').dblclick();
    await workbench.waitForEditor(new RegExp(`version ${tag.replaceAll('.', '\\.')}`));
    await workbench.row('Registries', tag).locator('.monaco-tl-twistie').click();
  }
  const told = workbench.page.locator('.tabs-container .tab .label-description');
  assert.deepEqual(await told.allTextContents(), ['hello:1.0.0/…', 'hello:2.0.0/…']);
  await workbench.screenshot('browse-two-images');
});

// In a browser, the editor reloads an empty window when its first folder is added, while it is also
// navigating to the workspace just created. The oldest editor always does, the newest sometimes.
if (editorName() === 'newest')
  test('opens an image as the only folder of an empty window', async t => {
    await editor.writeSettings(settings().settings);
    const workbench = await openPage(t);
    await workbench.until(
      'the window has left for its workspace',
      async () => {
        try {
          await workbench.openEmpty(`${editor.url}/?ew=true`);
          await browseByName(workbench);
          await workbench.page.waitForURL(WORKSPACE);
          return true;
        } catch {
          // Interrupted by the reload, or the window has already navigated to the workspace.
          return WORKSPACE.test(workbench.page.url());
        }
      },
      180_000,
    );
    await readSingle(workbench);
    await workbench.screenshot('browse-empty-window');
  });

test('browses an image in an untrusted workspace', async t => {
  const trust = { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' };
  const { workbench } = await openWindow(t, editor, settings(trust));
  await browseByName(workbench);
  await readSingle(workbench);
  await workbench.statusBarItem('Restricted Mode').waitFor();
  await workbench.screenshot('browse-untrusted');
});

/** An image with one layer. */
function single(): string {
  return `${demo.host}/demo/hello:single`;
}

/** Adds the image with the command palette. */
async function browseByName(workbench: Workbench): Promise<void> {
  await workbench.command('Peel: Add Image Files to Explorer…');
  await workbench.answer(single(), /image reference/);
  await reopenAsWorkspace(workbench);
}

/** Agrees that the window becomes a workspace. */
async function reopenAsWorkspace(workbench: Workbench): Promise<void> {
  await workbench.screenshot('browse-reopen');
  await workbench.answerDialog(/to the Explorer\?/, 'Reopen as Workspace');
}

/** Reads a file of the image after the window has loaded. */
async function readSingle(workbench: Workbench): Promise<void> {
  await shownInExplorer(workbench, single());
  await workbench.expand(EXPLORER, single());
  await workbench.expand(EXPLORER, 'app');
  await workbench.row(EXPLORER, 'VERSION').click();
  await workbench.waitForEditor(/hello 2\.0\.0/);
}

/**
 * Waits until the window has reloaded with the image's folder. Sometimes a browser window loads
 * before it knows its folders, and stays empty until it is reloaded.
 */
async function shownInExplorer(workbench: Workbench, name: string): Promise<void> {
  await workbench.page.waitForURL(WORKSPACE);
  const row = workbench.row(EXPLORER, name);
  let loaded = Date.now();
  await workbench.until(
    `${name} is in the Explorer`,
    async () => {
      if (await row.isVisible()) return true;
      if (
        Date.now() - loaded < 15_000 ||
        !(await workbench.page.getByText('You have not yet added a folder').isVisible())
      )
        return false;
      await workbench.reload();
      loaded = Date.now();
      return false;
    },
    90_000,
  );
}

/** Expands a tag of `demo/hello`, and waits for the sizes, which redraw the rows. */
async function openPlatforms(workbench: Workbench, tag: string): Promise<void> {
  await workbench.expandPath('Registries', demo.host, 'demo/hello', tag);
  await workbench.until('the platforms show their sizes', async () => {
    const platforms = (await workbench.rows('Registries')).filter(text => text.startsWith('linux/'));
    return platforms.length === 2 && platforms.every(text => / \d.*B/.test(text));
  });
}
