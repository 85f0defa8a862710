import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EditorServer } from '../rig/launcher.ts';
import { fillDemo } from '../support/demoImage.ts';
import { image, layer } from '../support/image.ts';
import { status } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { openWindow, startEditor } from './window.ts';
import type { Workbench } from './workbench.ts';

/** Working with rows: failures, long lists, filters, menus, the keyboard. */
let editor: EditorServer;
let demo: Registry;

before(async () => {
  demo = await startRegistry();
  fillDemo(demo);
  const small = image({ layers: [layer([file('a', 'a')])] });
  demo.store.put('demo/many', small, ...Array.from({ length: 450 }, (_, at) => `1.${at}`));
  editor = await startEditor('tree');
});
after(async () => {
  await editor?.stop();
  await demo?.close();
});

function settings(...registries: readonly { readonly url: string }[]): { readonly settings: Record<string, unknown> } {
  return { settings: { 'peel.registries': registries.map(({ url }) => ({ url })) } };
}

test('a failure is a row that tries again when clicked', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  const fault = demo.fault({ path: /_catalog/ }, status(418));
  t.after(() => fault.remove());
  await showRegistries(workbench);
  await workbench.expand('Registries', demo.host);
  const failure = workbench.row('Registries', /^Error 418/);
  await failure.waitFor();
  await failure.hover();
  await failure.locator('.actions').getByRole('button', { name: 'Retry' }).waitFor();
  await workbench.screenshot('tree-failure');
  fault.remove();
  await failure.click();
  await workbench.row('Registries', 'demo/hello').waitFor();
});

test('a list that needs an account offers to sign in, and then opens', async t => {
  const closed = await startRegistry({ store: demo.store, access: { scheme: 'basic', users: { alice: 's3cret' } } });
  t.after(() => closed.close());
  const { workbench } = await openWindow(t, editor, settings(closed));
  await showRegistries(workbench);
  await workbench.expand('Registries', closed.host);
  const failure = workbench.row('Registries', /^Sign-in required/);
  await failure.hover();
  await workbench.screenshot('tree-sign-in');
  await workbench.inlineAction('Registries', /^Sign-in required/, /Sign In/);
  await workbench.answer('alice', 'Username');
  await workbench.answer('s3cret', 'Password');
  await workbench.row('Registries', 'demo/hello').waitFor();
  const registry = (await workbench.rows('Registries')).find(row => row.startsWith(closed.host));
  assert.match(registry ?? '', /alice/);
  await workbench.screenshot('tree-signed-in');
});

test('a long list loads more on a click and is narrowed by a filter', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  await showRegistries(workbench);
  await workbench.expandPath('Registries', demo.host, 'demo/many');
  await workbench.row('Registries', '1.449').waitFor();
  const more = workbench.row('Registries', 'Load more…');
  for (const hidden of ['200 of 450', '400 of 450']) {
    await scrollTo(workbench, more);
    assert.match(await more.innerText(), new RegExp(hidden));
    await workbench.screenshot(`tree-more-${hidden.slice(0, 3)}`);
    await more.click();
    await workbench.until(
      'the list has grown',
      async () => !(await more.innerText({ timeout: 500 }).catch(() => '')).includes(hidden),
    );
  }
  await workbench.page.keyboard.press('Home');
  await workbench.inlineAction('Registries', 'demo/many', 'Filter…');
  await workbench.answer('44 1.', 'Show only rows');
  await workbench.until('the list is narrowed', async () => {
    const rows = await workbench.rows('Registries');
    return rows.includes('1.44') && !rows.includes('1.443x') && !rows.includes('1.43');
  });
  const row = (await workbench.rows('Registries')).find(text => text.startsWith('demo/many'));
  assert.equal(row, 'demo/many 14 of 450 tags · 44 1.');
  await workbench.screenshot('tree-filter');
  await workbench.inlineAction('Registries', 'demo/many', 'Clear Filter');
  await workbench.row('Registries', '1.43').or(workbench.row('Registries', '1.447')).first().waitFor();
});

test('an image opened by its name is shown in the tree, wherever it is', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  await showRegistries(workbench);
  await workbench.command('Peel: Open Image…');
  await workbench.answer(`${demo.host}/demo/many:1.7`, 'image reference');
  const row = workbench.row('Registries', '1.7');
  await row.waitFor();
  await workbench.until('the row is selected', async () => (await row.getAttribute('aria-selected')) === 'true');
  await workbench.row('Registries', 'Manifest').waitFor();
  await workbench.screenshot('tree-opened');
});

test('each kind of row has its own menu', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  await showRegistries(workbench);
  await workbench.expandPath('Registries', demo.host, 'demo/hello', 'single', 'Layers');
  const menu = (label: string | RegExp): Promise<string[]> => workbench.contextMenuEntries('Registries', label);
  const registry = await menu(demo.host);
  assert.ok(registry.includes('Remove Registry…') && registry.includes('Sign In to Registry…'), registry.join());
  assert.ok(!registry.includes('Pull Image…'), registry.join());
  const tag = await menu('single');
  for (const entry of ['Pull Image…', 'Show Manifest', 'Copy Reference', 'Copy Digest']) {
    assert.ok(tag.includes(entry), `${entry} in ${tag.join()}`);
  }
  const layers = await menu(/^2 · /);
  assert.ok(layers.includes('Extract Layer…') && layers.includes('Download Layer'), layers.join());
  assert.ok(!layers.includes('Mount Image'), layers.join());
  const all = await menu('Layers');
  assert.deepEqual(all, ['Refresh'], 'nothing that is for one layer');
  assert.deepEqual(await menu('Config'), ['Open to the Side', 'Copy Reference']);
});

test('selected rows are compared and copied together', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  await showRegistries(workbench);
  await workbench.expandPath('Registries', demo.host, 'demo/hello');
  await workbench.row('Registries', '1.0.0').click({ position: { x: 60, y: 10 } });
  await workbench.row('Registries', '1.1.0').click({ position: { x: 60, y: 10 }, modifiers: ['Control'] });
  const entries = await workbench.contextMenuEntries('Registries', '1.1.0');
  assert.deepEqual(entries, ['Pull Image…', 'Compare Selected', 'Export Image…']);
  await workbench.screenshot('tree-selected');

  t.diagnostic('the key copies what names each row');
  await workbench.page.keyboard.press('Control+C');
  await workbench.statusBarItem(/Copied 2 rows/).waitFor();
  await workbench.contextMenu('Registries', '1.1.0', 'Compare Selected');
  await workbench.webview.getByRole('heading', { level: 1, name: /1\.[01]\.0.* ↔ .*1\.[01]\.0/ }).waitFor();
  await workbench.screenshot('tree-compared');
});

test('the keyboard moves through the tree, and screen readers get a description of each row', async t => {
  const { workbench } = await openWindow(t, editor, settings(demo));
  await showRegistries(workbench);
  await workbench.row('Registries', demo.host).click();
  const { keyboard } = workbench.page;
  await workbench.row('Registries', 'demo/hello').waitFor();
  for (const key of ['ArrowDown', 'ArrowRight']) await keyboard.press(key);
  await workbench.row('Registries', 'single').waitFor();
  const label = await workbench.row('Registries', 'demo/hello').getAttribute('aria-label');
  assert.match(label ?? '', /^Repository demo\/hello/);
  await workbench.expandPath('Registries', 'single', 'Layers');
  assert.match(
    (await workbench.row('Registries', /^2 · /).getAttribute('aria-label')) ?? '',
    /^Layer 2 of 5 · [\d.]+ k?B · COPY app \/app/,
  );
  await workbench.row('Registries', 'Manifest').first().click();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await workbench.waitForEditor(/"architecture": "/);
  await workbench.screenshot('tree-keyboard');
});

/** Shows the sidebar with the Images view collapsed, so that more rows are visible. */
async function showRegistries(workbench: Workbench): Promise<void> {
  await workbench.showSidebar('Peel');
  await workbench.view('Images').locator('.pane-header').click();
  await workbench.page.mouse.move(640, 400);
}

async function scrollTo(workbench: Workbench, row: ReturnType<Workbench['row']>): Promise<void> {
  await workbench.until('the row is in sight', async () => {
    if ((await row.count()) > 0) return true;
    await workbench.page.keyboard.press('End');
    return false;
  });
}
