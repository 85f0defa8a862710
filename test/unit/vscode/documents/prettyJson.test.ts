import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prettyJson } from '../../../../src/vscode/documents/prettyJson.ts';

test('formats JSON like JSON.stringify', () => {
  const values: readonly unknown[] = [
    {},
    [],
    { a: {}, b: [], c: [1, [2, [{}]]] },
    { text: 'brackets {}[],: and "quotes" \\ stay', 'k"e:y,': null },
    [true, false, null, -1.5e3],
    'text',
    7,
  ];
  for (const value of values) {
    const expected = `${JSON.stringify(value, undefined, 2)}\n`;
    assert.equal(prettyJson(JSON.stringify(value)), expected);
    assert.equal(prettyJson(JSON.stringify(value, undefined, 5)), expected);
  }
});

test('keeps numbers, order and duplicate keys as sent', () => {
  assert.equal(
    prettyJson('{"size":12345678901234567890,"2":1.0e5,"1":0,"1":2}'),
    '{\n  "size": 12345678901234567890,\n  "2": 1.0e5,\n  "1": 0,\n  "1": 2\n}\n',
  );
});

test('returns invalid JSON unchanged', () => {
  assert.equal(prettyJson('<html>{}</html>'), '<html>{}</html>');
  assert.equal(prettyJson('{"a":'), '{"a":');
  assert.equal(prettyJson(''), '');
});
