import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedMutex } from '../../../src/blobs/keyedMutex.ts';

const never = new AbortController().signal;

test('runs one at a time per key, also after a waiting caller gave up', async () => {
  const mutex = new KeyedMutex();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const one = mutex.exclusively('key', never, async () => {
    await first.promise;
    order.push('first');
  });
  const cancel = new AbortController();
  const two = mutex.exclusively('key', cancel.signal, async () => void order.push('second'));
  cancel.abort(new Error('gave up'));
  await assert.rejects(two, /gave up/);
  const three = mutex.exclusively('key', never, async () => void order.push('third'));
  await mutex.exclusively('other', never, async () => void order.push('other key'));
  first.resolve();
  await Promise.all([one, three]);
  assert.deepEqual(order, ['other key', 'first', 'third']);
});

test('runs the next one after a failure', async () => {
  const mutex = new KeyedMutex();
  const one = mutex.exclusively('key', never, () => Promise.reject(new Error('failed')));
  const two = mutex.exclusively('key', never, () => Promise.resolve('done'));
  await assert.rejects(one, /failed/);
  assert.equal(await two, 'done');
});
