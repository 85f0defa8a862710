import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, dotted, formatBytes, grouped, plainText, timeAgo } from '../../../../src/vscode/common/text.ts';

test('plain text has no line breaks, control characters or direction marks', () => {
  assert.equal(plainText('a\r\n\tb\u0000c'), 'a b c');
  assert.equal(plainText('safe\u202egnp.exe'), 'safe gnp.exe');
  assert.equal(plainText('zero\u200bwidth\ufeff'), 'zero width');
  assert.equal(plainText('  Grüße, 世界  '), 'Grüße, 世界');
});

test('plain text is cut with an ellipsis, even if huge', () => {
  assert.equal(plainText('abcdef', 4), 'abc…');
  assert.equal(plainText('abcd', 4), 'abcd');
  assert.equal(plainText('x'.repeat(10_000_000), 5), 'xxxx…');
  assert.equal(plainText(' '.repeat(10_000) + 'x', 5), '…');
});

test('formats bytes in powers of a thousand with two or three digits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [32, '32 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [4_200_000, '4.2 MB'],
    [9_940, '9.9 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1e9, '1.0 GB'],
    [5e18, '5000 PB'],
    [-1, '0 B'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('separates thousands', () => {
  const numbers = [0, 12, 999, 1000, 65_536, 1_234_567, 12_345_678_901];
  for (const number of numbers) assert.equal(grouped(number), number.toLocaleString('en-US'));
});

test('uses the singular or plural of the noun', () => {
  assert.equal(count(1, 'layer'), '1 layer');
  assert.equal(count(0, 'layer'), '0 layers');
  assert.equal(count(3412, 'tag'), '3,412 tags');
  assert.equal(count(2, 'repository', 'repositories'), '2 repositories');
});

test('joins only the parts that are present', () => {
  assert.equal(dotted('a', undefined, false, '', 'b'), 'a · b');
});

test('formats ages in whole units, and skips meaningless times', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  assert.equal(timeAgo('2026-03-01T11:59:30Z', now), 'just now');
  assert.equal(timeAgo('2026-03-01T10:00:00Z', now), '2 hours ago');
  assert.equal(timeAgo('2024-02-01T00:00:00Z', now), '2 years ago');
  assert.equal(timeAgo('1970-01-01T00:00:00Z', now), '');
  assert.equal(timeAgo('nonsense', now), '');
  assert.equal(timeAgo(undefined, now), '');
});
