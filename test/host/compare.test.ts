import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { estargz } from '../support/estargz.ts';
import { image, layer, type BuiltLayer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { sociIndex, ztocOf } from '../support/soci.ts';
import { directory, file, hardlink, symlink, whiteout, type Entry as TarEntry } from '../support/tar.ts';
import { peel, refusal, until } from './commands.ts';

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly layer: number;
}
interface Comparison {
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

  it('reports added, removed and changed files between two tags, also of equal size, and ignores times', async () => {
    const result = await peel<Comparison>('compareImages', { left: side('1'), right: side('2') });
    assert.deepEqual(paths(result.added), ['new', 'new/file']);
    assert.deepEqual(paths(result.removed), ['gone']);
    assert.deepEqual(paths(result.changed), ['etc/motd', 'etc/swapped', 'var/lib/dpkg/status']);
    const [motd] = result.changed;
    assert.deepEqual([motd?.before.size, motd?.size, motd?.layer, motd?.differs], [6, 12, 2, ['content']]);
    assert.deepEqual(
      result.packages.map(({ kind, changes }) => [kind, changes.changed]),
      [['dpkg', [{ name: 'libc6', before: '2.40', after: '2.41' }]]],
    );
    const page = await until(async () =>
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('peel.comparison')),
    );
    assert.match(page.label, /app:1 linux\/amd64 ↔ .*app:2/);
  });

  it('finds no difference between an image and itself', async () => {
    const result = await peel<Comparison>('compareImages', { left: side('2'), right: side('2') });
    assert.deepEqual([result.added, result.removed, result.changed], [[], [], []]);
  });

  it('compares two layers by themselves', async () => {
    const result = await peel<Comparison>('compareLayers', {
      left: side('2', { layer: 1 }),
      right: side('2', { layer: 2 }),
    });
    assert.deepEqual(paths(result.added), ['new', 'new/file']);
    assert.ok(paths(result.removed).includes('gone') && paths(result.removed).includes('link'));
    assert.deepEqual(paths(result.changed), ['etc/motd', 'etc/swapped', 'var/lib/dpkg/status']);
  });

  it('opens a changed file in the diff editor', async () => {
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

  it('compares a file with the one that its layer replaces', async () => {
    const uris = await peel<vscode.Uri[]>('comparePrevious', side('2', { layer: 2, path: 'etc/motd' }));
    const texts = await Promise.all(
      uris.map(async uri => Buffer.from(await vscode.workspace.fs.readFile(uri)).toString()),
    );
    assert.deepEqual(texts, ['hello\n', 'hello again\n']);
    assert.match(await refusal('comparePrevious', side('2', { layer: 2, path: 'new/file' })), /new\/file/);
  });

  it("refuses what can't be compared", async () => {
    assert.match(await refusal('compareImages', { left: 'app' }), /"left"/);
    assert.match(await refusal('compareLayers', { left: side('2'), right: side('2', { layer: 1 }) }), /"layer"/);
    assert.match(await refusal('compareImages', { left: side('1'), right: side('none') }), /none/);
    assert.match(await refusal('compareFiles', { left: side('1'), right: side('2') }), /path/);
  });
});

describe('comparing files of equal size and time in partially read layers', () => {
  let registry: Registry;
  const noise = randomBytes(5 << 20);
  const swapped = Buffer.from(noise);
  swapped.writeUInt8(noise.readUInt8(1 << 20) ^ 1, 1 << 20);
  const put = (tag: string, ...layers: readonly BuiltLayer[]): void =>
    void registry.store.put('equal', image({ layers }), tag);
  const tree = (conf: string, mtime = 0): TarEntry[] => [
    directory('etc/', { mtime }),
    file('etc/conf', conf, { mtime }),
    file('etc/same', 'same', { mtime }),
    hardlink('etc/link', 'etc/same', { mtime }),
  ];
  const plain = (body: Buffer): BuiltLayer =>
    layer([directory('opt/', { mtime: 0 }), file('opt/noise', body, { mtime: 0 })], { compression: 'none' });
  const odd = (minor: number, capability: string): TarEntry[] => [
    { path: 'null', type: 'char', major: 1, minor, mtime: 0 },
    file('bin', 'x', { mtime: 0, xattrs: { 'security.capability': capability } }),
  ];

  before(async () => {
    registry = await startRegistry();
  });
  beforeEach(() => void (registry.requests.length = 0));
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
  });

  const side = (tag: string, more: object = {}): Record<string, unknown> => ({
    reference: `${registry.host}/equal:${tag}`,
    platform: 'linux/amd64',
    ...more,
  });

  async function changes(left: string, right: string): Promise<unknown> {
    const result = await peel<Comparison>('compareImages', { left: side(left), right: side(right) });
    assert.deepEqual([result.added, result.removed], [[], []]);
    return result.changed.map(({ path, differs }) => [path, differs]);
  }

  /** How often a whole layer was fetched. */
  function fetched({ digest }: BuiltLayer): number {
    return registry.requests.filter(({ path, headers }) => path.endsWith(digest) && !headers.range).length;
  }

  it('finds the changed file of two eStargz layers, and fetches each layer once', async () => {
    const [one, two] = [estargz(tree('version=1')), estargz(tree('version=2'))];
    put('es1', one);
    put('es2', two);
    assert.deepEqual(await changes('es1', 'es2'), [['etc/conf', ['content']]]);
    assert.deepEqual(await changes('es2', 'es1'), [['etc/conf', ['content']]]);
    assert.deepEqual([fetched(one), fetched(two)], [1, 1]);
    const layers = { left: side('es1', { layer: 1 }), right: side('es2', { layer: 1 }) };
    const result = await peel<Comparison>('compareLayers', layers);
    assert.deepEqual(
      result.changed.map(({ path }) => path),
      ['etc/conf'],
    );
  });

  it('treats equal contents as equal, whatever their times are', async () => {
    put('time1', estargz(tree('equal contents', 1)));
    put('time2', estargz(tree('equal contents', 2)));
    assert.deepEqual(await changes('time1', 'time2'), []);
  });

  it('reads no layer shared by both sides, and no layer without files in doubt', async () => {
    const base = estargz(tree('of both'));
    const upper = estargz([file('new', '1', { mtime: 0 })]);
    put('base1', base);
    put('base2', base, upper);
    const result = await peel<Comparison>('compareImages', { left: side('base1'), right: side('base2') });
    assert.deepEqual([result.added.map(({ path }) => path), result.removed, result.changed], [['new'], [], []]);
    assert.deepEqual([fetched(base), fetched(upper)], [0, 0]);
  });

  it('compares a gzip layer with an eStargz layer', async () => {
    put('gzip', layer(tree('mixed=1')));
    put('mixed1', estargz(tree('mixed=1')));
    put('mixed2', estargz(tree('mixed=2')));
    assert.deepEqual(await changes('gzip', 'mixed1'), []);
    assert.deepEqual(await changes('gzip', 'mixed2'), [['etc/conf', ['content']]]);
    assert.deepEqual(await changes('mixed2', 'gzip'), [['etc/conf', ['content']]]);
  });

  it('finds one changed byte in large uncompressed layers, also if they were opened before', async () => {
    const [one, two] = [plain(noise), plain(swapped)];
    put('plain1', one);
    put('plain2', two);
    await peel('listFiles', side('plain1'));
    await peel('listFiles', side('plain2'));
    assert.deepEqual([fetched(one), fetched(two)], [0, 0]);
    assert.deepEqual(await changes('plain1', 'plain2'), [['opt/noise', ['content']]]);
    assert.deepEqual([fetched(one), fetched(two)], [1, 1]);
    put('packed', layer([directory('opt/', { mtime: 0 }), file('opt/noise', noise, { mtime: 9 })]));
    assert.deepEqual(await changes('plain1', 'packed'), []);
    assert.deepEqual(await changes('packed', 'plain2'), [['opt/noise', ['content']]]);
  });

  it('finds one changed byte in gzip layers with a SOCI index', async () => {
    const layers = [noise, swapped].map(body => layer([file('opt/noise', body, { mtime: 0 }), file('opt/x', 'soci')]));
    const index = sociIndex(layers.map(each => [each, ztocOf(each, { spanSize: 1 << 20 })]));
    registry.store.put('equal', index);
    const annotations = { 'com.amazon.soci.index-digest': index.digest };
    for (const [at, each] of layers.entries()) {
      registry.store.put('equal', image({ layers: [each], annotations }), `soci${at}`);
      await peel('listFiles', side(`soci${at}`));
      assert.equal(fetched(each), 0);
    }
    assert.deepEqual(await changes('soci0', 'soci1'), [['opt/noise', ['content']]]);
    assert.deepEqual(layers.map(fetched), [1, 1]);
  });

  it('uses what another command has read in the meantime', async () => {
    const [one, two] = [plain(Buffer.concat([noise, noise])), plain(Buffer.concat([noise, swapped]))];
    put('read1', one);
    put('read2', two);
    for (const tag of ['read1', 'read2']) {
      await peel('listFiles', side(tag));
      await peel('analyzeImage', side(tag));
    }
    registry.requests.length = 0;
    assert.deepEqual(await changes('read1', 'read2'), [['opt/noise', ['content']]]);
    assert.deepEqual([fetched(one), fetched(two)], [0, 0]);
  });

  it('compares sparse files by their contents', async () => {
    const sparse = (second: number): TarEntry =>
      file('holes', 'abcdefgh', {
        pax: { 'GNU.sparse.size': '3000', 'GNU.sparse.numblocks': '2', 'GNU.sparse.map': `0,4,${second},4` },
      });
    const dense = Buffer.alloc(3000);
    dense.write('abcd', 0);
    dense.write('efgh', 2000);
    put('holes1', layer([sparse(2000)]));
    put('holes2', layer([sparse(1000)]));
    put('dense', layer([file('holes', dense)]));
    assert.deepEqual(await changes('holes1', 'dense'), []);
    assert.deepEqual(await changes('holes1', 'holes2'), [['holes', ['content']]]);
  });

  it('finds different device numbers and attributes', async () => {
    put('odd1', estargz(odd(3, 'one')));
    put('odd2', layer(odd(5, 'two')));
    put('odd3', layer(odd(3, 'one')));
    assert.deepEqual(await changes('odd1', 'odd2'), [
      ['bin', ['attributes']],
      ['null', ['device']],
    ]);
    assert.deepEqual(await changes('odd1', 'odd3'), []);
  });
});
