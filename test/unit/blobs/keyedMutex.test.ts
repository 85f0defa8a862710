import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedMutex } from '../../../src/blobs/keyedMutex.ts';

const never = new AbortController().signal;

test('one at a time for each key, also after somebody gave up waiting', async () => {
  const mutex = new KeyedMutex();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const one = mutex.run('key', never, async () => {
    await first.promise;
    order.push('first');
  });
  const cancel = new AbortController();
  const two = mutex.run('key', cancel.signal, async () => void order.push('second'));
  cancel.abort(new Error('gave up'));
  await assert.rejects(two, /gave up/);
  const three = mutex.run('key', never, async () => void order.push('third'));
  await mutex.run('other', never, async () => void order.push('other key'));
  first.resolve();
  await Promise.all([one, three]);
  assert.deepEqual(order, ['other key', 'first', 'third']);
});

test('a first one that fails takes nobody with it', async () => {
  const mutex = new KeyedMutex();
  const one = mutex.run('key', never, () => Promise.reject(new Error('failed')));
  const two = mutex.run('key', never, () => Promise.resolve('done'));
  await assert.rejects(one, /failed/);
  assert.equal(await two, 'done');
});
