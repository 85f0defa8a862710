import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file } from '../support/tar.ts';
import { openWindow, startEditor, type Window } from './window.ts';
import type { Workbench } from './workbench.ts';

/** Searching the text of images from the UI. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  const texts = layer([
    directory('etc/'),
    file('etc/motd', 'Welcome.\n\n  This line has a needle in it, and Needle again.\n'),
    file('etc/app.conf', 'needle = 1\n'),
    file('srv/long.txt', `${'word '.repeat(200)}needle${' word'.repeat(200)}\n`),
    file('usr/share/many.txt', 'one needle of many\n'.repeat(30)),
  ]);
  demo.store.put('demo/texts', image({ layers: [texts] }), 'v1');
  // After the first match, the test's regular expression would take years.
  const trap = layer([file('first', 'needle\n'), file('second', `${'a'.repeat(60)}!\n`)]);
  demo.store.put('demo/trap', image({ layers: [trap] }), 'v1');
  editor = await startEditor('search');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

function open(t: TestContext): Promise<Window> {
  return openWindow(t, editor, {
    settings: { 'peel.registries': [{ url: demo.url }], 'peel.platform': 'linux/amd64' },
  });
}

/** Types into the search form once it is shown. */
async function type(workbench: Workbench, text: string): Promise<void> {
  await workbench.until('the form asks for a text', async () => {
    const placeholder = await workbench.quickInputBox.getAttribute('placeholder').catch(() => '');
    return placeholder === 'Text to search for';
  });
  await workbench.quickInputBox.fill(text);
}

/**
 * Starts a search from a row's menu. If the row is redrawn while its menu is open, the command
 * loses it and asks for an image instead; then this tries again.
 */
async function searchFrom(workbench: Workbench, label: string | RegExp): Promise<void> {
  await workbench.until('the row is searched', async () => {
    await workbench.contextMenu('Registries', label, 'Search in Image…');
    await workbench.expectPrompt(/Text to search for|busybox, /);
    if ((await workbench.quickInputBox.getAttribute('placeholder')) === 'Text to search for') return true;
    await workbench.page.keyboard.press('Escape');
    await workbench.quickInput.waitFor({ state: 'hidden' });
    return false;
  });
}

test('searches from the palette, and opens a match at its place', async t => {
  const { workbench } = await open(t);
  await workbench.command('Peel: Search in Image…');
  await workbench.answer(`${demo.host}/demo/texts:v1`, 'image reference');
  await type(workbench, 'needle');
  await workbench.until('the form has its rows', async () => (await workbench.picks()).length === 6);
  await workbench.screenshot('search-form');
  await workbench.page.keyboard.press('Enter');
  await workbench.row('Search', /^34 results in 4 files/).waitFor();
  await workbench.screenshot('search-results');
  assert.deepEqual((await workbench.rows('Search')).slice(0, 7), [
    '34 results in 4 files “needle” · 127.0.0.1:PORT/demo/texts:v1'.replace('127.0.0.1:PORT', demo.host),
    'app.conf 1 · etc',
    'needle = 1 1:1',
    'motd 2 · etc',
    'This line has a needle in it, and Needle again. 3:19',
    '…has a needle in it, and Needle again. 3:37',
    'long.txt 1 · srv',
  ]);
  const found = workbench.row('Search', /^…has a needle in it/);
  assert.equal(await found.locator('.highlight').innerText(), 'Needle');
  await found.click();
  await workbench.waitForEditor(/This line has a needle in it/);
  await workbench.statusBarItem(/Ln 3, Col 43 \(6 selected\)/).waitFor();
  await workbench.screenshot('search-opened');
  assert.match((await found.getAttribute('aria-label')) ?? '', /^Line 3, column 37: /);

  // The file with many matches is collapsed; the keyboard expands it and opens a match.
  for (const other of ['Registries', 'Images']) await workbench.view(other).locator('.pane-header').click();
  await workbench.row('Search', 'many.txt').click();
  await workbench.row('Search', 'one needle of many').nth(1).waitFor();
  await workbench.page.keyboard.press('ArrowDown');
  await workbench.page.keyboard.press('ArrowDown');
  await workbench.page.keyboard.press('Enter');
  await workbench.statusBarItem(/Ln 2, Col 11 \(6 selected\)/).waitFor();
  await workbench.screenshot('search-many');
});

test('searches a folder from its row; the form remembers its values and reports errors', async t => {
  const { workbench } = await open(t);
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/texts', 'v1', 'Files');
  await searchFrom(workbench, 'etc');
  await type(workbench, 'need(le');
  await workbench.pick('Use Regular Expression');
  await workbench.expectPrompt(/unterminated group/);
  await workbench.screenshot('search-wrong');
  await type(workbench, String.raw`need(le)\s=`);
  await workbench.pick('Match Case');
  await workbench.pick('Files to Include…');
  await workbench.answer('*.conf', 'Names, folders or patterns');
  await workbench.until('the form is back', async () => (await workbench.picks()).length === 6);
  await workbench.expectPrompt(/Files to Include…\s*\*\.conf/);
  await workbench.screenshot('search-options');
  await workbench.pick(`in ${demo.host}/demo/texts:v1`);
  await workbench.row('Search', /^1 result in 1 file/).waitFor();
  assert.deepEqual((await workbench.rows('Search')).slice(1), ['app.conf 1 · etc', 'needle = 1 1:1']);

  // The first row returns to the form with everything that was typed.
  await workbench.row('Search', /^1 result in 1 file/).click();
  await workbench.until('the form is back', async () => (await workbench.picks()).length === 6);
  assert.equal(await workbench.quickInputBox.inputValue(), String.raw`need(le)\s=`);
  await workbench.page.keyboard.press('Escape');
  await workbench.viewAction('Search', 'Clear Search Results');
  await workbench.welcome('Search').getByText("Search the contents of an image's files").waitFor();
  await workbench.screenshot('search-empty');
});

test('searches a layer from its row', async t => {
  const { workbench } = await open(t);
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/texts', 'v1', 'Layers');
  await searchFrom(workbench, /^1 · /);
  await type(workbench, 'Welcome');
  await workbench.expectPrompt(/demo\/texts:v1 · layer 1/);
  await workbench.page.keyboard.press('Enter');
  await workbench.row('Search', 'Welcome.').waitFor();
});

test('shows matches while a search runs, and keeps them when it is cancelled', async t => {
  const { workbench } = await open(t);
  await workbench.showSidebar('Peel');
  await workbench.expandPath('Registries', demo.host, 'demo/trap');
  await searchFrom(workbench, 'v1');
  await type(workbench, '(a+)+$|needle');
  await workbench.pick('Use Regular Expression');
  await workbench.pick(`in ${demo.host}/demo/trap:v1`);
  await workbench.row('Search', /^Searching… \d+ % · 1 result in 1 file/).waitFor();
  await workbench.row('Search', 'first').waitFor();
  await workbench.screenshot('search-running');
  await workbench.viewAction('Search', 'Cancel Search');
  await workbench.row('Search', /^Cancelled · 1 result in 1 file/).waitFor();
  await workbench.row('Search', 'first').waitFor();
  assert.equal(await workbench.toast(/./).count(), 0, 'no message after a cancellation by the user');
  await workbench.screenshot('search-cancelled');

  await workbench.inlineAction('Search', /^Cancelled/, 'Search Again');
  await workbench.row('Search', /^Searching… \d+ % · 1 result in 1 file/).waitFor();
  await workbench.inlineAction('Search', /^Searching/, 'Cancel Search');
  await workbench.row('Search', /^Cancelled · 1 result in 1 file/).waitFor();
});
