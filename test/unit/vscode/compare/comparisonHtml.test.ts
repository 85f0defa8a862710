import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from '../../../../src/browse/formats/slices.ts';
import { changeTree } from '../../../../src/insight/compare/changeTree.ts';
import { compareEntries } from '../../../../src/insight/compare/compareEntries.ts';
import type { FileEntry } from '../../../../src/insight/layerContent.ts';
import { comparisonHtml } from '../../../../src/vscode/compare/comparisonHtml.ts';

function files(sizes: Readonly<Record<string, number>>): FileEntry[] {
  const common = { type: 'file', mode: 0o644, uid: 0, gid: 0, linkname: '', layer: 1 } as const;
  return Object.entries(sizes).map(([path, size]) => ({ path, size, ...common }));
}

const difference = atOnce(
  compareEntries(
    files({ 'usr/share/doc/a': 5, 'usr/share/doc/b': 10, etc: 1, same: 1 }),
    files({ 'usr/share/doc/b': 4, 'opt/new': 100, etc: 3, same: 1 }),
  ),
);

const page = (comparison: Partial<Parameters<typeof comparisonHtml>[2]>): string => {
  const whole = { added: [], removed: [], changed: [], packages: [], ...comparison };
  return comparisonHtml(
    'app:1',
    'app:2',
    { ...whole, tree: atOnce(changeTree(whole)) },
    ({ path }) => `command:x?${path}`,
  )
    .text.replaceAll(/\s+/g, ' ')
    .replaceAll(' >', '>');
};

test('shows the sum, the tree with links, and packages', () => {
  const change = { name: 'musl', before: '1.2.4', after: '1.2.5' };
  const text = page({
    ...difference,
    packages: [{ kind: 'apk', changes: { added: [], removed: [], changed: [change] } }],
  });
  assert.match(text, /app:1 ↔ app:2/);
  assert.match(text, /1 added · 1 removed · 2 changed · \+91 B/);
  assert.match(text, /<a href="command:x\?usr\/share\/doc\/b">b<\/a> <span class="quiet">content · −6 B<\/span>/);
  assert.match(text, /usr\/share\/doc\/ <span class="quiet">2 paths · −11 B<\/span>/);
  assert.match(text, /musl<\/td> ?<td>1\.2\.4<\/td> ?<td>1\.2\.5/);
});

test('reports no difference and an unreadable database, and escapes names', () => {
  assert.match(page({}), /No differences \(timestamps ignored\)/);
  assert.match(page({ unread: 'It is damaged.' }), /It is damaged. Packages are compared without it/);
  assert.doesNotMatch(page({ added: files({ '<img src=x>/<b>': 1 }) }), /<(img|b)\b/);
});

test('counts the rows that a page cannot hold', () => {
  const many = files(Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`d/f${at}`, 1])));
  const text = page({ added: many });
  assert.equal(text.match(/class="leaf"/g)?.length, 3999);
  assert.match(text, /and 1,001 more rows/);
});
