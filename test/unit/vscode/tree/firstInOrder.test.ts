import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstInOrder } from '../../../../src/vscode/tree/firstInOrder.ts';

const byNumber = (one: number, other: number): number => one - other;

test('returns what sorting everything would put first', () => {
  const shuffled = Array.from({ length: 9_973 }, (_, at) => (at * 7919) % 9_973);
  const orders = { shuffled, rising: shuffled.toSorted(byNumber), falling: shuffled.toSorted((a, b) => b - a) };
  for (const [name, items] of Object.entries(orders)) {
    for (const most of [1, 500, 2_500, 9_973, 20_000]) {
      const expected = items.toSorted(byNumber).slice(0, most);
      assert.deepEqual(firstInOrder(items, most, byNumber), expected, `${name} ${most}`);
    }
  }
});

test('returns all of a short list, and nothing of an empty one', () => {
  assert.deepEqual(firstInOrder([3, 1, 2], 500, byNumber), [1, 2, 3]);
  assert.deepEqual(firstInOrder([], 500, byNumber), []);
});
