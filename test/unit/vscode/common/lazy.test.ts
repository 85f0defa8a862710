import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lazy } from '../../../../src/vscode/common/lazy.ts';

test('a value is fetched once, however many ask', async () => {
  let fetched = 0;
  const lazy = new Lazy(async () => {
    fetched += 1;
    return fetched;
  });
  assert.equal(lazy.current, undefined);
  assert.deepEqual(await Promise.all([lazy.get(), lazy.get()]), [1, 1]);
  assert.equal(lazy.current, 1);
  lazy.reset();
  assert.equal(lazy.current, undefined);
  assert.equal(await lazy.get(), 2);
});

test('a failure is not kept', async () => {
  let fetched = 0;
  const lazy = new Lazy(async () => {
    fetched += 1;
    if (fetched === 1) throw new Error('down');
    return fetched;
  });
  await assert.rejects(lazy.get(), /down/);
  assert.equal(await lazy.get(), 2);
});

test('who waits while the value is reset gets the new one', async () => {
  let fetched = 0;
  const lazy = new Lazy(async signal => {
    fetched += 1;
    if (fetched > 1) return fetched;
    return new Promise<number>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  });
  const waiting = lazy.get();
  lazy.reset();
  assert.equal(await waiting, 2);
});
