import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, inSlices, type Sliced } from '../../../../src/browse/formats/slices.ts';

test('lets the event loop turn during long work', async () => {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = (): void => {
    turns += 1;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  const work = function* (): Sliced<number> {
    const end = performance.now() + 10_000;
    const waiting = (): boolean => turns < 3 && performance.now() < end;
    while (waiting()) yield;
    return turns;
  };
  const seen = await inSlices(work());
  clearImmediate(next);
  assert.ok(seen >= 3);
});

test('returns the result of work done without pausing', () => {
  const work = function* (): Sliced<number> {
    let sum = 0;
    for (let at = 1; at <= 10; at++) {
      sum += at;
      yield;
    }
    return sum;
  };
  assert.equal(atOnce(work()), 55);
});

test('stops when cancelled, and throws what the work throws', async () => {
  const controller = new AbortController();
  const endless = function* (): Sliced<never> {
    for (let at = 0; ; at++) {
      if (at === 10) controller.abort(new Error('enough'));
      yield;
    }
  };
  await assert.rejects(inSlices(endless(), controller.signal), /enough/);
  const broken = function* (): Sliced<never> {
    yield;
    throw new Error('broken');
  };
  await assert.rejects(inSlices(broken()), /broken/);
});
