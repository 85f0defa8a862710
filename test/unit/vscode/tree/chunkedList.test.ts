import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkedList } from '../../../../src/vscode/tree/chunkedList.ts';

function letters(): { list: ChunkedList<string>; asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const list = new ChunkedList<string>(async cursor => {
    asked.push(cursor);
    return cursor === undefined ? { items: ['a', 'b'], next: 'b' } : { items: ['c'] };
  });
  return { list, asked };
}

test('loads the first chunk once, then chunk by chunk to the end', async () => {
  const { list, asked } = letters();
  assert.equal(list.loaded, false);
  await Promise.all([list.first(), list.first()]);
  assert.deepEqual(list.items, ['a', 'b']);
  assert.equal(list.hasMore, true);
  await Promise.all([list.more(), list.more()]);
  assert.deepEqual(list.items, ['a', 'b', 'c']);
  assert.equal(list.hasMore, false);
  assert.deepEqual(asked, [undefined, 'b']);
});

test("throws the first chunk's failure, and loads it again", async () => {
  let failing = true;
  const list = new ChunkedList<string>(async () => {
    if (failing) throw new Error('down');
    return { items: ['a'] };
  });
  await assert.rejects(list.first(), /down/);
  failing = false;
  await list.first();
  assert.deepEqual(list.items, ['a']);
});

test('a later chunk that fails keeps the loaded ones, and can be loaded again', async () => {
  let failing = true;
  const list = new ChunkedList<string>(async cursor => {
    if (cursor === undefined) return { items: ['a'], next: 'a' };
    if (failing) throw new Error('down');
    return { items: ['b'] };
  });
  await list.first();
  await list.more();
  assert.match(String(list.failure), /down/);
  assert.deepEqual(list.items, ['a']);
  assert.equal(list.hasMore, true);
  failing = false;
  await list.more();
  assert.equal(list.failure, undefined);
  assert.deepEqual(list.items, ['a', 'b']);
});

test('a reset aborts the running request; callers waiting for the first chunk get the new one', async () => {
  const signals: AbortSignal[] = [];
  const list = new ChunkedList<string>(async (_cursor, signal) => {
    signals.push(signal);
    if (signals.length > 1) return { items: ['new'] };
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  });
  const waiting = list.first();
  list.reset();
  await waiting;
  assert.equal(signals[0]?.aborted, true);
  assert.deepEqual(list.items, ['new']);
});

test('drops an answer that arrives after a reset', async () => {
  let answer: (items: readonly string[]) => void = () => undefined;
  let asked = 0;
  const list = new ChunkedList<string>(async () => {
    asked += 1;
    if (asked > 1) return { items: ['new'] };
    return { items: await new Promise<readonly string[]>(resolve => (answer = resolve)) };
  });
  const waiting = list.first();
  list.reset();
  answer(['old']);
  await waiting;
  assert.deepEqual(list.items, ['new']);
});
