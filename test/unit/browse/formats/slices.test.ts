import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce, inSlices, type Sliced } from '../../../../src/browse/formats/slices.ts';

/** Counts the turns of the event loop until `stop` is called. */
function turns(): { readonly stop: () => number } {
  let count = 0;
  let next: NodeJS.Immediate;
  const turn = (): void => {
    count += 1;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return {
    stop: () => {
      clearImmediate(next);
      return count;
    },
  };
}

/** Yields for some time, however fast the machine is. */
function* long(milliseconds: number): Sliced<string> {
  for (const end = performance.now() + milliseconds; performance.now() < end;) yield;
  return 'done';
}

test('lets the event loop turn during long work', async () => {
  const counting = turns();
  assert.equal(await inSlices(long(100)), 'done');
  assert.ok(counting.stop() >= 2);
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
