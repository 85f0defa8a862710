import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { quote, quoteAll, UnquotableTextError } from '../../../src/overlay/quote.ts';

/** Everything that a shell, an option parser or the editor might take for more than text. */
const NASTY = [
  '',
  ' ',
  'a b',
  "it's",
  `"quoted"`,
  '$HOME',
  '${HOME}',
  '${env:HOME}',
  '${command:workbench.action.quit}',
  "'${env:X}'",
  '$(touch pwned)',
  '`touch pwned`',
  'a;touch pwned',
  'a && b || c',
  'a|b>c<d&',
  '\\',
  '\\\\n',
  '*',
  '?[a-z]{b,c}',
  '~root',
  '#comment',
  '!history',
  '-rf',
  '--',
  '=x',
  'a,b:c',
  'ünïcödé 名前 🧅',
  '%s%n',
  '{a,b}',
  "'",
  "''",
  "'\\''",
];

test('every text comes out of a shell as it went in', () => {
  for (const shell of ['/bin/sh', '/bin/bash']) {
    const line = `printf '%s\\0' ${quoteAll(NASTY)}`;
    const back = execFileSync(shell, ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1);
    assert.deepEqual(back, NASTY);
  }
});

test('quoting twice is undone by two shells', () => {
  for (const text of NASTY) {
    const inner = `printf '%s' ${quote(text)}`;
    assert.equal(execFileSync('/bin/sh', ['-c', `sh -c ${quote(inner)}`], { encoding: 'utf8' }), text);
  }
});

test('the editor finds no variable of its own in what is quoted', () => {
  for (const text of NASTY) {
    assert.ok(!quote(text).includes('${'), quote(text));
    assert.ok(!quote(quote(text)).includes('${'), text);
  }
});

test('plain words stay readable', () => {
  assert.equal(quote('/home/me/images/busybox-1.36@x'), '/home/me/images/busybox-1.36@x');
  assert.equal(quote('lowerdir=3:2:1,upperdir=../overlay/upper'), 'lowerdir=3:2:1,upperdir=../overlay/upper');
});

test('line breaks and control characters are refused, and shown as escapes', () => {
  for (const bad of ['a\nb', 'a\rb', 'a\0b', '\u001b]0;title\u0007', 'a\tb', 'a\u007fb', 'a\u009bb']) {
    assert.throws(
      () => quote(bad),
      (error: unknown) => {
        assert.ok(error instanceof UnquotableTextError);
        // oxlint-disable-next-line no-control-regex -- none may be left
        assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/);
        assert.match(error.message, /Rename the folder/);
        return true;
      },
    );
  }
});
