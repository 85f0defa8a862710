import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lazy } from '../../../../src/vscode/common/lazy.ts';

test('loads a value once for all callers', async () => {
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

test('does not keep a failure', async () => {
  let fetched = 0;
  const lazy = new Lazy(async () => {
    fetched += 1;
    if (fetched === 1) throw new Error('down');
    return fetched;
  });
  await assert.rejects(lazy.get(), /down/);
  assert.equal(await lazy.get(), 2);
});

test('callers waiting during a reset get the new value', async () => {
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
