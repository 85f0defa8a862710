import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { analysisOf } from '../../../../src/insight/analysis.ts';
import type { LayerContent } from '../../../../src/insight/layerContent.ts';
import { filesHtml } from '../../../../src/vscode/imagePage/filesHtml.ts';

function layer(number: number, files: Readonly<Record<string, number>>, deleted: readonly string[] = []): LayerContent {
  const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, linkname: '', layer: number } as const;
  return {
    number,
    entries: Object.entries(files).map(([path, size]) => ({ path, size, ...common })),
    deleted,
    opaque: [],
  };
}

function page(...layers: readonly LayerContent[]): string {
  return filesHtml(atOnce(analysisOf(layers)), (path, at) => `command:${at}/${path}`)
    .text.replaceAll(/\s+/g, ' ')
    .replaceAll(/<a href="command:\d+([^"]*)"\s*>\s*\1\s*<\/a\s*>/g, '$1');
}

test('lists the largest files first, with their layers and sizes', () => {
  const text = page(layer(1, { 'bin/small': 10, 'usr/big': 2_000_000 }), layer(2, { 'opt/middle': 3000 }));
  assert.match(
    text,
    /\/usr\/big<\/td> ?<td>1<\/td> ?<td>2\.0 MB.*\/opt\/middle<\/td> ?<td>2<\/td> ?<td>3\.0 kB.*\/bin\/small/,
  );
  assert.match(text, /None\. No file is replaced or deleted/);
  assert.doesNotMatch(text, /look like secrets/);
});

test('lists wasted space with the layers that waste it', () => {
  const text = page(layer(1, { cache: 3000, app: 1000 }), layer(2, { app: 1000 }, ['cache']));
  assert.match(text, /4\.0 kB of 5\.0 kB \(80 %\)/);
  assert.match(text, /\/cache<\/td> ?<td>deleted by layer 2; in layer 1<\/td> ?<td>3\.0 kB/);
  assert.match(text, /\/app<\/td> ?<td>replaced by layer 2; in layer 1<\/td> ?<td>1\.0 kB/);
});

test('names a likely secret even if a later layer hides it', () => {
  const listed = { ...layer(1, { 'app/.env': 10, 'root/.npmrc': 5 }), listedOnly: true } as const;
  const text = page(listed, layer(2, {}, ['app/.env']));
  assert.match(text, /2 files may contain a secret/);
  assert.match(
    text,
    /\/app\/\.env<\/td> ?<td>1<\/td> ?<td>environment variables \(by its name\) · replaced or deleted in a later layer/,
  );
  assert.match(text, /\/root\/\.npmrc<\/td> ?<td>1<\/td> ?<td>package registry credentials \(by its name\) ?<\/td>/);
});

test('lists secrets found by content first and examples last, and names layers that were only listed', () => {
  const inside = layer(1, { 'usr/lib/x/test/key.pem': 10, 'root/.npmrc': 5, 'app/main.py': 10 });
  const entries = inside.entries.map(entry =>
    entry.path === 'root/.npmrc' ? entry : { ...entry, suspects: [{ what: 'a private key', line: 7 }] },
  );
  const text = page({ ...inside, entries }, { ...layer(2, { 'root/.npmrc': 1 }, ['app/main.py']), listedOnly: true });
  assert.match(text, /3 files may contain a secret/);
  assert.match(
    text,
    /\/app\/main\.py<\/td> ?<td>1<\/td> ?<td>a private key \(line 7\) · replaced or deleted in a later layer.*\.npmrc.*key\.pem<\/td> ?<td>1<\/td> ?<td>a private key \(line 7\) · among tests or examples/,
  );
  assert.match(text, /Only a list of the files in layer 2 was read/);
});

test('draws a tile for each folder and for each layer', () => {
  const text = page(layer(1, { 'usr/lib/a': 600, 'etc/b': 300 }), layer(2, { 'usr/lib/c': 100 }));
  for (const title of [
    'usr: 700 B',
    'usr/lib: 700 B',
    'etc: 300 B',
    'Layer 1: 900 B',
    'Layer 1/usr: 600 B',
    'Layer 2: 100 B',
  ]) {
    assert.ok(text.includes(`<title>${title}</title>`), title);
  }
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});

test('escapes file names, and renders an image without files', () => {
  assert.doesNotMatch(page(layer(1, { '<script>alert(1)</script>/.env': 9 })), /<script/);
  assert.match(page(layer(1, {})), /None/);
  assert.match(page(), /None/);
});
