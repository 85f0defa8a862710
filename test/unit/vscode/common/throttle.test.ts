import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pace } from '../../../../src/vscode/common/throttle.ts';

test('the first value is passed on at once, and then the newest at a pace', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const passed: number[] = [];
  const { tell } = pace(500, (value: number) => passed.push(value));
  tell(1);
  assert.deepEqual(passed, [1]);
  tell(2);
  t.mock.timers.tick(499);
  tell(3);
  assert.deepEqual(passed, [1]);
  t.mock.timers.tick(1);
  assert.deepEqual(passed, [1, 3]);
  tell(4);
  assert.deepEqual(passed, [1, 3], 'the pace holds after a value that had to wait');
  t.mock.timers.tick(500);
  assert.deepEqual(passed, [1, 3, 4], 'the last one is not lost');
  t.mock.timers.tick(2000);
  tell(5);
  assert.deepEqual(passed, [1, 3, 4, 5], 'after a pause the next one need not wait');
});

test('nothing is passed on after the end', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const passed: number[] = [];
  const { tell, stop } = pace(500, (value: number) => passed.push(value));
  tell(1);
  tell(2);
  stop();
  t.mock.timers.tick(2000);
  assert.deepEqual(passed, [1]);
});
