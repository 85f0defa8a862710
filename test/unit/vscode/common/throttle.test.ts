import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttle } from '../../../../src/vscode/common/throttle.ts';

test('passes on the first value at once, then the newest per interval', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const passed: number[] = [];
  const { send } = throttle(500, (value: number) => passed.push(value));
  send(1);
  assert.deepEqual(passed, [1]);
  send(2);
  t.mock.timers.tick(499);
  send(3);
  assert.deepEqual(passed, [1]);
  t.mock.timers.tick(1);
  assert.deepEqual(passed, [1, 3]);
  send(4);
  assert.deepEqual(passed, [1, 3], 'the interval also follows a delayed value');
  t.mock.timers.tick(500);
  assert.deepEqual(passed, [1, 3, 4], 'the last one is not lost');
  t.mock.timers.tick(2000);
  send(5);
  assert.deepEqual(passed, [1, 3, 4, 5], 'after a pause the next one is passed on at once');
});

test('passes on nothing after it has stopped', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const passed: number[] = [];
  const { send, stop } = throttle(500, (value: number) => passed.push(value));
  send(1);
  send(2);
  stop();
  t.mock.timers.tick(2000);
  assert.deepEqual(passed, [1]);
});
