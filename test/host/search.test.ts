import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { nameBytes } from '../../src/layers/tar/byteName.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { ResolvedImage } from '../../src/oci/image.ts';
import { SearchRun } from '../../src/vscode/search/searchRun.ts';
import type { FoundMatch } from '../../src/vscode/search/searchTypes.ts';
import { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { SearchRoot } from '../../src/vscode/search/searchRoot.ts';
import { TreeChanges } from '../../src/vscode/tree/treeChanges.ts';
import { Grep } from '../support/grep.ts';
import { image, layer, type BuiltLayer } from '../support/image.ts';
import { pushContent } from '../support/push.ts';
import { status } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { run } from '../support/run.ts';
import { startDockerRegistry, type DockerRegistry } from '../support/servers/dockerRegistry.ts';
import { directory, file, hardlink, opaque, whiteout } from '../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../support/tools.ts';
import { peel, refusal, workspaceFolder } from './commands.ts';
import { texts } from './trees.ts';

describe('searching images that were not pulled', () => {
  let registry: Registry;
  let request: { readonly reference: string; readonly platform: string };

  before(async () => {
    registry = await startRegistry();
    const base = layer([
      directory('etc/'),
      file('etc/motd', 'needle below\n'),
      file('etc/gone', 'needle\n'),
      file('srv/app.conf', '# Needle\nport = 80\n\tneedle = Needle\n'),
    ]);
    const top = layer([file('etc/motd', 'a needle above\n'), whiteout('etc/gone'), file('etc/x.conf', 'needle\n')]);
    registry.store.put('demo/search', image({ layers: [base, top] }), 'v1');
    request = { reference: `${registry.host}/demo/search:v1`, platform: 'linux/amd64' };
  });
  after(async () => {
    await peel('clearSearch');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
  });

  const places = (matches: readonly FoundMatch[]): string[] =>
    matches.map(({ path, layer: number, line, column, length }) => `${path} ${number} ${line}:${column}+${length}`);

  it('returns all matches with their positions', async () => {
    const matches = await peel<FoundMatch[]>('searchImage', { ...request, query: 'needle' });
    assert.deepEqual(places(matches), [
      'etc/motd 2 1:3+6',
      'etc/x.conf 2 1:1+6',
      'srv/app.conf 1 1:3+6',
      'srv/app.conf 1 3:2+6',
      'srv/app.conf 1 3:11+6',
    ]);
    assert.deepEqual(matches[0], { path: 'etc/motd', layer: 2, line: 1, column: 3, length: 6, text: 'a needle above' });
  });

  it('accepts every option of a query', async () => {
    const found = async (more: Record<string, unknown>): Promise<string[]> =>
      places(await peel<FoundMatch[]>('searchImage', { ...request, ...more }));
    assert.deepEqual(await found({ query: 'Needle', matchCase: true }), [
      'srv/app.conf 1 1:3+6',
      'srv/app.conf 1 3:11+6',
    ]);
    assert.deepEqual(await found({ query: String.raw`^\s*n\w+\s=`, isRegex: true }), ['srv/app.conf 1 3:1+9']);
    assert.deepEqual(await found({ query: 'need', wholeWord: true }), []);
    assert.deepEqual(await found({ query: 'needle', include: '*.conf', exclude: 'srv' }), ['etc/x.conf 2 1:1+6']);
    assert.deepEqual(await found({ query: 'needle', path: '/etc' }), ['etc/motd 2 1:3+6', 'etc/x.conf 2 1:1+6']);
    assert.deepEqual(await found({ query: 'needle', layer: 1, path: 'etc' }), ['etc/gone 1 1:1+6', 'etc/motd 1 1:1+6']);
    assert.deepEqual((await found({ query: 'needle', maxResults: 2 })).length, 2);
  });

  it('reports what is wrong with a query', async () => {
    assert.match(await refusal('searchImage', request), /"query"/);
    assert.match(await refusal('searchImage', { ...request, query: '' }), /it is empty/);
    assert.match(await refusal('searchImage', { ...request, query: '(', isRegex: true }), /unterminated group/);
    assert.match(await refusal('searchImage', { ...request, query: 'x', isRegex: 1 }), /"isRegex"/);
    assert.match(await refusal('searchImage', { ...request, query: 'x', maxResults: 0 }), /"maxResults"/);
    assert.match(await refusal('searchImage', { ...request, query: 'x', path: 'no/such' }), /has no "no\/such"/);
    assert.match(await refusal('searchImage', { ...request, query: 'x', layer: 7 }), /no layer 7/);
  });

  it('searches a pulled image by its folder, without the registry', async () => {
    const folder = join(workspaceFolder(), 'images', 'searched');
    await peel('pullImage', { ...request, folder });
    const fault = registry.fault({ path: /./ }, status(503));
    try {
      assert.deepEqual(places(await peel<FoundMatch[]>('searchImage', { folder, query: 'needle', path: 'etc' })), [
        'etc/motd 2 1:3+6',
        'etc/x.conf 2 1:1+6',
      ]);
      assert.deepEqual(
        places(await peel<FoundMatch[]>('searchImage', { folder, query: 'needle', layer: 1, path: 'etc' })),
        ['etc/gone 1 1:1+6', 'etc/motd 1 1:1+6'],
      );
    } finally {
      fault.remove();
      await peel('removeImage', { folder });
    }
  });

  it("keeps the matches of other layers if one can't be read", async () => {
    const lost = layer([file('lost', 'needle')]);
    registry.store.put('demo/lost', image({ layers: [lost, layer([file('there', 'needle')])] }), 'v1');
    const fault = registry.fault({ path: new RegExp(`/blobs/${lost.digest}`) }, status(404));
    try {
      const reference = `${registry.host}/demo/lost:v1`;
      // A caller learns that the result is incomplete, and gets what was found.
      await assert.rejects(peel<FoundMatch[]>('searchImage', { ...request, reference, query: 'needle' }), error => {
        assert.ok(error instanceof Error && error.cause instanceof Error);
        assert.match(error.message, /layer 1 could not be read[^]*does not have blob/);
        const { matches } = error.cause as { readonly matches?: readonly FoundMatch[] };
        assert.deepEqual(places(matches ?? []), ['there 2 1:1+6']);
        return true;
      });
      // If nothing was found, the search fails.
      const alone = { ...request, reference, query: 'needle', layer: 1 };
      assert.match(await refusal('searchImage', alone), /does not have blob/);
    } finally {
      fault.remove();
    }
  });

  it('is cancelled from the view, even if a regular expression would never end', async () => {
    registry.store.put('demo/trap', image({ layers: [layer([file('trap', `${'a'.repeat(60)}!`)])] }), 'v1');
    const trap = { ...request, reference: `${registry.host}/demo/trap:v1` };
    assert.deepEqual(places(await peel<FoundMatch[]>('searchImage', { ...trap, query: '!' })), ['trap 1 1:61+1']);
    const refused = refusal('searchImage', { ...trap, query: '(a+)+$', isRegex: true });
    const timer = setInterval(() => void vscode.commands.executeCommand('peel.cancelSearch', {}), 300);
    try {
      assert.match(await refused, /Cancel/);
    } finally {
      clearInterval(timer);
    }
    assert.deepEqual((await peel<FoundMatch[]>('searchImage', { ...trap, query: 'a' })).length, 60);
  });
});

describe('rows of the Search view', () => {
  const resolved = {
    reference: parseReference('registry.test/app:1'),
    manifestDigest: `sha256:${'a'.repeat(64)}`,
    platform: { os: 'linux', architecture: 'amd64' },
  } as ResolvedImage;
  const place = { image: resolved, name: 'app:1', path: 'etc' };
  const terms = { text: 'needle', isRegex: false, matchCase: true, wholeWord: false, include: '', exclude: '*.md' };
  const match = { line: 3, column: 41, length: 6, text: `${'\u202e x'.repeat(13)}\tneedle\u0007 and more`, start: 40 };

  it('report progress, show where matches are, and open them', async () => {
    let changes = 0;
    const search = new SearchRun(place, terms, 10_000, () => (changes += 1));
    const root = new SearchRoot(() => undefined);
    const tree = new NodeTree(root, new TreeChanges());
    assert.deepEqual(await texts(tree), []);
    root.run = search;
    assert.deepEqual(await texts(tree), ['Reading the layers… | “needle” · app:1 · /etc']);
    search.wants(6, 400);
    search.wants(4, 600);
    assert.match((await texts(tree))[0] ?? '', /^Reading the layers… \|/);
    search.listed();
    search.passed(2, 250);
    search.found({ path: 'etc/motd', layer: 2 }, [match]);
    search.found(
      { path: 'a/b/c', layer: 1 },
      Array.from({ length: 11 }, () => match),
    );
    search.found({ path: 'etc/motd', layer: 2 }, [{ ...match, line: 4 }]);
    assert.deepEqual(await texts(tree), [
      'Searching… 25 % · 13 results in 2 files | “needle” · app:1 · /etc',
      'c | 11 · a/b',
      'motd | 2 · etc',
    ]);
    const [, long, short] = await tree.getChildren();
    assert.ok(long && short);
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    assert.equal((await tree.getTreeItem(long)).collapsibleState, Collapsed);
    assert.equal((await tree.getTreeItem(short)).collapsibleState, Expanded);
    assert.equal((await tree.getTreeItem(short)).accessibilityInformation?.label, 'motd · 2 results · in /etc');
    assert.equal(short.argument.path, 'etc/motd');
    const [first] = await tree.getChildren(short);
    assert.ok(first);
    const item = await tree.getTreeItem(first);
    assert.ok(typeof item.label === 'object' && item.label.highlights);
    const [[from, to] = [0, 0]] = item.label.highlights;
    assert.equal(item.label.label.slice(from, to), 'needle');
    assert.match(item.label.label, /^…[ x]+needle {2}and more$/);
    assert.match(item.accessibilityInformation?.label ?? '', /^Line 3, column 41: .*needle and more$/);
    const [uri, options] = item.command?.arguments ?? [];
    assert.ok(uri instanceof vscode.Uri && uri.path === '/etc/motd');
    assert.deepEqual((options as { selection: vscode.Range }).selection, new vscode.Range(2, 40, 2, 46));
    search.failed(1, new Error('it is lost'));
    search.end({ limited: false });
    const before = changes;
    search.end({ limited: true });
    assert.equal(changes, before, 'it ends once');
    assert.deepEqual((await texts(tree)).slice(0, 2), [
      '13 results in 2 files · 1 layer not searched | “needle” · app:1 · /etc',
      'Layer 1 was not searched | it is lost',
    ]);
    assert.equal((await tree.getChildren())[2], long, 'rows stay the same');
  });

  it('say that there is no match, that there are more, that it was cancelled, or why it failed', async () => {
    const shown = async (end: (search: SearchRun) => void): Promise<string[]> => {
      const search = new SearchRun(place, terms, 1, () => undefined);
      const root = new SearchRoot(() => undefined);
      root.run = search;
      end(search);
      return texts(new NodeTree(root, new TreeChanges()));
    };
    const about = '“needle” · app:1 · /etc';
    assert.deepEqual(await shown(search => search.end({ limited: false })), [`No results | ${about}`]);
    const limited = await shown(search => {
      search.found({ path: 'x', layer: 1 }, [match]);
      search.end({ limited: true });
    });
    assert.equal(limited[0], `The first 1 result in 1 file | ${about}`);
    const cancelled = await shown(search => {
      search.cancel();
      search.fail(search.signal.reason);
    });
    assert.deepEqual(cancelled, [`Cancelled | ${about}`]);
    const failed = await shown(search => search.fail(Object.assign(new Error('No way.'), { name: 'OurError' })));
    assert.deepEqual(failed, [`Failed | ${about}`, 'No way.']);
  });
});

describe('the text of an image in docker-registry', function () {
  this.timeout(120_000);
  let registry: DockerRegistry;
  let grep: Grep;
  let scratch: string | undefined;
  let reference: string;

  /** The project's own source files, in layers that change each other. */
  const layers = (): BuiltLayer[] => {
    const { extensionPath = '' } = vscode.extensions.getExtension('peel.peel') ?? {};
    const sources = globSync('{src,test}/**/*.ts', { cwd: extensionPath }).toSorted();
    const entries = sources.map(path => file(`app/${path}`, readFileSync(join(extensionPath, path))));
    const changed = sources.filter((_, at) => at % 7 === 0);
    return [
      layer([...entries, file('bin/tool', randomBytes(100_000)), hardlink('again.ts', `app/${sources[0] ?? ''}`)]),
      layer([
        ...changed.map(path => file(`app/${path}`, `// Nothing of ${path} is left.\r\nexport const other = 1;\n`)),
        whiteout('app/src/browse'),
        opaque('app/src/pull'),
        file('app/src/pull/export.ts', 'export const alone = true;'),
      ]),
      layer([file('Größe.txt', 'Größe und Maß\ngrösse\nGRÖSSE\n')], { compression: 'none' }),
    ];
  };

  before(async function () {
    if (firstOf(requireRoot(), requireTool('docker-registry', 'skopeo', 'umoci'))) this.skip();
    registry = await startDockerRegistry();
    await pushContent(registry, 'team/app', image({ layers: layers() }), '1');
    reference = `${registry.host}/team/app:1`;
    scratch = mkdtempSync(join(tmpdir(), 'peel-grep-'));
    const layout = join(scratch, 'layout');
    await run('skopeo', ['copy', '--src-tls-verify=false', `docker://${reference}`, `oci:${layout}:1`]);
    await run('umoci', ['unpack', '--image', `${layout}:1`, join(scratch, 'bundle')]);
    grep = new Grep(join(scratch, 'bundle/rootfs'));
  });
  after(async () => {
    if (scratch) rmSync(scratch, { recursive: true, force: true });
    await peel('clearSearch');
    await registry?.close();
  });

  const queries: readonly (readonly [options: Record<string, unknown>, grep: readonly string[]])[] = [
    [{ query: 'blob', matchCase: true }, ['-F']],
    [{ query: 'digest' }, ['-iF']],
    [{ query: 'grö' }, ['-iF']],
    [{ query: 'layer', wholeWord: true, matchCase: true }, ['-wF']],
    [{ query: '^export (class|const) [A-Z_]+', isRegex: true, matchCase: true }, ['-E']],
    [{ query: '[^a-z]await[^;(]*$', isRegex: true, matchCase: true }, ['-E']],
  ];
  for (const [options, flags] of queries) {
    it(`yields what grep finds in umoci's tree: ${String(options['query'])}`, async () => {
      const wanted = { reference, platform: 'linux/amd64', ...options, maxResults: 1_000_000 };
      const matches = await peel<FoundMatch[]>('searchImage', wanted);
      const found = matches.map(({ path, line }) => `${grep.canonical(nameBytes(path).toString('latin1'))}:${line}`);
      const expected = grep.find(...flags, '-e', String(options['query']));
      assert.ok(expected.length > 2, `${expected.length}`);
      assert.deepEqual([...new Set(found)].toSorted(), expected.toSorted());
    });
  }
});
