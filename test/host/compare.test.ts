import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file, hardlink, symlink, whiteout } from '../support/tar.ts';
import { peel, refusal, until } from './commands.ts';

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly layer: number;
}
interface Told {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  readonly changed: readonly (Entry & { readonly before: Entry; readonly differs: readonly string[] })[];
  readonly packages: readonly { readonly kind: string; readonly changes: { readonly changed: readonly unknown[] } }[];
}

const dpkg = (version: string): string =>
  `Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;

describe('comparing', () => {
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
    const base = layer([
      directory('etc/'),
      file('etc/motd', 'hello\n', { mtime: 1 }),
      file('etc/same', 'same', { mtime: 1 }),
      file('etc/swapped', 'abcd', { mtime: 1 }),
      file('var/lib/dpkg/status', dpkg('2.40')),
      file('gone', 'gone'),
      symlink('link', 'etc'),
      hardlink('other-name', 'etc/same'),
    ]);
    const upper = layer([
      file('etc/motd', 'hello again\n', { mtime: 2 }),
      file('etc/same', 'same', { mtime: 2 }),
      file('etc/swapped', 'dcba', { mtime: 1 }),
      file('var/lib/dpkg/status', dpkg('2.41')),
      file('new/file', 'new'),
      whiteout('gone'),
    ]);
    registry.store.put('app', image({ layers: [base] }), '1');
    registry.store.put('app', image({ layers: [base, upper] }), '2');
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
  });

  const side = (tag: string, more: object = {}): Record<string, unknown> => ({
    reference: `${registry.host}/app:${tag}`,
    platform: 'linux/amd64',
    ...more,
  });
  const paths = (entries: readonly Entry[]): string[] => entries.map(({ path }) => path);

  it('tells what came, went and changed between two tags, also where sizes are equal, but not for times', async () => {
    const told = await peel<Told>('compareImages', { left: side('1'), right: side('2') });
    assert.deepEqual(paths(told.added), ['new', 'new/file']);
    assert.deepEqual(paths(told.removed), ['gone']);
    assert.deepEqual(paths(told.changed), ['etc/motd', 'etc/swapped', 'var/lib/dpkg/status']);
    const [motd] = told.changed;
    assert.deepEqual([motd?.before.size, motd?.size, motd?.layer, motd?.differs], [6, 12, 2, ['content']]);
    assert.deepEqual(
      told.packages.map(({ kind, changes }) => [kind, changes.changed]),
      [['dpkg', [{ name: 'libc6', before: '2.40', after: '2.41' }]]],
    );
    const page = await until(async () =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('peel.comparison')),
    );
    assert.match(page.label, /app:1 linux\/amd64 ↔ .*app:2/);
  });

  it('finds no difference of an image to itself', async () => {
    const told = await peel<Told>('compareImages', { left: side('2'), right: side('2') });
    assert.deepEqual([told.added, told.removed, told.changed], [[], [], []]);
  });

  it('compares two layers as they are by themselves', async () => {
    const told = await peel<Told>('compareLayers', { left: side('2', { layer: 1 }), right: side('2', { layer: 2 }) });
    assert.deepEqual(paths(told.added), ['new', 'new/file']);
    assert.ok(paths(told.removed).includes('gone') && paths(told.removed).includes('link'));
    assert.deepEqual(paths(told.changed), ['etc/motd', 'etc/swapped', 'var/lib/dpkg/status']);
  });

  it('opens a changed file in the editor for differences', async () => {
    const [left, right] = await peel<vscode.Uri[]>('compareFiles', {
      left: side('1', { path: 'etc/motd' }),
      right: side('2', { path: 'etc/motd' }),
    });
    assert.ok(left && right);
    const tab = await until(async () => vscode.window.tabGroups.activeTabGroup.activeTab);
    assert.ok(tab.input instanceof vscode.TabInputTextDiff);
    assert.equal(tab.label, 'motd (app:1 linux/amd64 ↔ app:2 linux/amd64)');
    const texts = await Promise.all(
      [left, right].map(async uri => Buffer.from(await vscode.workspace.fs.readFile(uri)).toString()),
    );
    assert.deepEqual(texts, ['hello\n', 'hello again\n']);
  });

  it('refuses what it cannot compare', async () => {
    assert.match(await refusal('compareImages', { left: 'app' }), /"left"/);
    assert.match(await refusal('compareLayers', { left: side('2'), right: side('2', { layer: 1 }) }), /"layer"/);
    assert.match(await refusal('compareImages', { left: side('1'), right: side('none') }), /none/);
    assert.match(await refusal('compareFiles', { left: side('1'), right: side('2') }), /path/);
  });
});
