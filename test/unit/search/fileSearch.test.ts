import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileSearch } from '../../../src/search/fileSearch.ts';
import type { Match } from '../../../src/search/lineMatches.ts';
import { compileQuery, InvalidQueryError, type SearchQuery } from '../../../src/search/query.ts';

const plain: SearchQuery = { text: '', isRegex: false, matchCase: false, wholeWord: false };

/** Searches one file whose bytes arrive in chunks of `part` bytes. */
function search(
  query: Partial<SearchQuery>,
  content: string | Uint8Array,
  { part = Infinity, most = Infinity } = {},
): Match[] {
  const matches: Match[] = [];
  const searching = new FileSearch(compileQuery({ ...plain, ...query }), match => matches.push(match) < most);
  const bytes = Buffer.from(content);
  // An earlier file must leave nothing behind.
  for (const file of [Buffer.from('another file\nwithout an end of line needle'), bytes]) {
    matches.length = 0;
    searching.begin();
    for (let at = 0; at < file.length; at += Math.min(part, file.length))
      searching.write(file.subarray(at, at + Math.min(part, file.length)));
    searching.end();
  }
  return matches;
}

const places = (matches: readonly Match[]): string[] =>
  matches.map(({ line, column, length }) => `${line}:${column}+${length}`);

test('finds lines and columns wherever the bytes are cut', () => {
  const text = 'needle\nno\n  Needle and needle\r\n\nend needle';
  for (const part of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(places(search({ text: 'needle' }, text, { part })), ['1:1+6', '3:3+6', '3:14+6', '5:5+6']);
    assert.deepEqual(places(search({ text: 'needle', matchCase: true }, text, { part })), ['1:1+6', '3:14+6', '5:5+6']);
    assert.deepEqual(places(search({ text: 'needle$', isRegex: true }, text, { part })), ['1:1+6', '3:14+6', '5:5+6']);
  }
  const [first] = search({ text: 'and' }, text);
  assert.deepEqual(first, { line: 3, column: 10, length: 3, text: '  Needle and needle', start: 9 });
});

test('ends a line at LF, CRLF and a lone CR, as the editor does', () => {
  const text = 'one\rneedle two\r\nneedle\n\r\rneedle\r\r\nneedle\r';
  const expected = ['2:1+6', '3:1+6', '6:1+6', '8:1+6'];
  for (const part of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(places(search({ text: 'needle' }, text, { part })), expected);
    assert.deepEqual(places(search({ text: 'needle', matchCase: true }, text, { part })), expected);
    assert.deepEqual(places(search({ text: '^needle', isRegex: true }, text, { part })), expected);
    assert.deepEqual(places(search({ text: 'needle$', isRegex: true }, text, { part })), expected.slice(1));
  }
  const [first] = search({ text: 'needle' }, text);
  assert.equal(first?.text, 'needle two');
  const wide = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('a\rneedle', 'utf16le')]);
  assert.deepEqual(places(search({ text: 'needle' }, wide)), ['2:1+6']);
  // A carriage return at the end of the 1 MiB searched at once, within a long line and after one.
  const long = 'x'.repeat((1 << 20) - 1);
  assert.deepEqual(places(search({ text: 'needle' }, `${long}\rneedle\n`)), ['2:1+6']);
  assert.deepEqual(places(search({ text: 'needle' }, `${long}\r\nneedle\n`)), ['2:1+6']);
  assert.deepEqual(places(search({ text: 'needle' }, `a\n${long.slice(2)}\rneedle\n`)), ['3:1+6']);
});

test('matches the same line by line and many lines at once', () => {
  const text = 'alpha\nbeta gamma\n\n  delta\nalphabet\n';
  const pairs: [string, string[]][] = [
    ['^a', ['1:1+1', '5:1+1']],
    ['a$', ['1:5+1', '2:10+1', '4:7+1']],
    [String.raw`\bbeta\b`, ['2:1+4']],
    [String.raw`[^x]*lt\w`, ['4:1+7']],
    [String.raw`a\s`, ['2:4+2']],
    ['alpha(?!b)', ['1:1+5']],
    ['(?<=alpha)b', ['5:6+1']],
    ['^$', ['3:1+0']],
    [String.raw`^\s*$`, ['3:1+0']],
    ['x*', ['1:1+0', '2:1+0', '3:1+0', '4:1+0', '5:1+0']],
    ['(l)ph(?:a)', ['1:2+4', '5:2+4']],
  ];
  for (const [expression, expected] of pairs)
    assert.deepEqual(places(search({ text: expression, isRegex: true }, text)), expected, expression);
});

test('counts columns in UTF-16 units, whatever the encoding', () => {
  const text = 'Grüße 😀 needle\nÄ needle';
  const expected = ['1:10+6', '2:3+6'];
  const wide = Buffer.from(text, 'utf16le');
  const swapped = Buffer.from(wide).swap16();
  for (const part of [1, 3, 1000]) {
    assert.deepEqual(places(search({ text: 'needle' }, text, { part })), expected);
    assert.deepEqual(places(search({ text: 'needle' }, `\ufeff${text}`, { part })), expected);
    assert.deepEqual(
      places(search({ text: 'NEEDLE' }, Buffer.concat([Buffer.of(0xff, 0xfe), wide]), { part })),
      expected,
    );
    assert.deepEqual(
      places(search({ text: 'needle' }, Buffer.concat([Buffer.of(0xfe, 0xff), swapped]), { part })),
      expected,
    );
  }
  assert.deepEqual(places(search({ text: 'ÄRGER' }, 'kein Ärger\n')), ['1:6+5']);
  assert.deepEqual(places(search({ text: '^.$', isRegex: true }, '😀\n')), ['1:1+2']);
  const broken = Buffer.concat([Buffer.of(0xff, 0x80, 0x20), Buffer.from('needle'), Buffer.of(0xc3)]);
  assert.deepEqual(places(search({ text: 'needle', matchCase: true }, broken)), ['1:4+6']);
});

test('matches whole words', () => {
  const text = 'cat concat cat_ cat. (cat) übercat cat\n';
  assert.deepEqual(places(search({ text: 'cat', wholeWord: true }, text)), ['1:1+3', '1:17+3', '1:23+3', '1:36+3']);
  assert.deepEqual(places(search({ text: 'cat|con', isRegex: true, wholeWord: true }, 'concat con-cat')), [
    '1:8+3',
    '1:12+3',
  ]);
});

test('skips a file with a NUL in its first 8 KiB', () => {
  assert.deepEqual(search({ text: 'needle' }, 'needle\n\0'), []);
  assert.deepEqual(search({ text: 'needle' }, `needle\n${'x'.repeat(8180)}\0`, { part: 100 }), []);
  assert.deepEqual(places(search({ text: 'needle' }, `needle\n${'x'.repeat(8192)}\0`, { part: 100 })), ['1:1+6']);
});

test('searches lines longer than its buffer to their end', () => {
  const mib = 1 << 20;
  const line = Buffer.alloc(3 * mib + 1000, 'x');
  const expected: string[] = [];
  // At the cuts between two pieces, before and after them, and adjacent.
  for (const at of [0, 6, mib - 8192 - 3, mib - 3, mib + 3, 2 * mib - 8192 - 5, 2 * mib - 1, 3 * mib + 990]) {
    line.write('needle', at);
    expected.push(`2:${at + 1}+6`);
  }
  const text = Buffer.concat([Buffer.from('first\n'), line, Buffer.from('\nneedle last')]);
  for (const query of [
    { text: 'needle' },
    { text: 'needle', matchCase: true },
    { text: '(?:)need[^x]e', isRegex: true },
  ])
    assert.deepEqual(places(search(query, text, { part: 70_001 })), [...expected, '3:1+6']);
  // The start of a piece is not the start of a line.
  assert.deepEqual(search({ text: '^x', isRegex: true }, text), []);
  assert.deepEqual(places(search({ text: '(?<!^)last$', isRegex: true }, text)), ['3:8+4']);
  const wide = Buffer.from(`${'é😀'.repeat(400_000)}needle`);
  assert.deepEqual(places(search({ text: 'needle', matchCase: true }, wide)), ['1:1200001+6']);
});

test('keeps the part of a long line around a match, in whole characters', () => {
  const text = `${'😀'.repeat(500)}needle${'😀'.repeat(500)}`;
  const [match] = search({ text: 'needle' }, text);
  assert.ok(match);
  assert.equal(match.column, 1001);
  assert.equal(match.text.slice(match.start, match.start + match.length), 'needle');
  assert.ok(match.text.length <= 302 && match.text.isWellFormed(), `${match.text.length}`);
  const [all] = search({ text: 'a+', isRegex: true }, 'a'.repeat(5000));
  assert.deepEqual([all?.column, all?.length, all?.start, all?.text.length], [1, 5000, 0, 300]);
});

test('counts lines that have no match', () => {
  const filler = 'some line of text\n'.repeat(100_000);
  const text = `${filler}here\n${filler}${'y'.repeat(1_500_000)}\nhere`;
  for (const query of [{ text: 'here' }, { text: 'here', matchCase: true }, { text: '^here', isRegex: true }])
    assert.deepEqual(places(search(query, text, { part: 65_536 })), ['100001:1+4', '200003:1+4']);
});

test('ends after enough matches', () => {
  assert.equal(search({ text: 'a' }, 'a'.repeat(100), { most: 3 }).length, 3);
});

test('says what is wrong with a query', () => {
  assert.throws(() => compileQuery({ ...plain, text: '' }), InvalidQueryError);
  assert.throws(() => compileQuery({ ...plain, text: 'a(', isRegex: true }), /unterminated group/);
  assert.throws(() => compileQuery({ ...plain, text: 'a\nb' }), /more than one line/);
  // Invalid with the flag `u`, and common.
  assert.deepEqual(places(search({ text: String.raw`a\-b\_`, isRegex: true }, 'a-b_')), ['1:1+4']);
  assert.deepEqual(places(search({ text: 'a(.*[+?' }, 'x a(.*[+?')), ['1:3+7']);
});
