import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pages } from '../../../../src/vscode/tree/pages.ts';

function letters(): { pages: Pages<string>; asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const pages = new Pages<string>(async cursor => {
    asked.push(cursor);
    return cursor === undefined ? { items: ['a', 'b'], next: 'b' } : { items: ['c'] };
  });
  return { pages, asked };
}

test('a list loads its first part once, then part by part until it ends', async () => {
  const { pages, asked } = letters();
  assert.equal(pages.loaded, false);
  await Promise.all([pages.first(), pages.first()]);
  assert.deepEqual(pages.items, ['a', 'b']);
  assert.equal(pages.hasMore, true);
  await Promise.all([pages.more(), pages.more()]);
  assert.deepEqual(pages.items, ['a', 'b', 'c']);
  assert.equal(pages.hasMore, false);
  assert.deepEqual(asked, [undefined, 'b']);
});

test('the first part that fails is thrown, and asked for again', async () => {
  let failing = true;
  const pages = new Pages<string>(async () => {
    if (failing) throw new Error('down');
    return { items: ['a'] };
  });
  await assert.rejects(pages.first(), /down/);
  failing = false;
  await pages.first();
  assert.deepEqual(pages.items, ['a']);
});

test('a further part that fails leaves what is there, and can be asked for again', async () => {
  let failing = true;
  const pages = new Pages<string>(async cursor => {
    if (cursor === undefined) return { items: ['a'], next: 'a' };
    if (failing) throw new Error('down');
    return { items: ['b'] };
  });
  await pages.first();
  await pages.more();
  assert.match(String(pages.failure), /down/);
  assert.deepEqual(pages.items, ['a']);
  assert.equal(pages.hasMore, true);
  failing = false;
  await pages.more();
  assert.equal(pages.failure, undefined);
  assert.deepEqual(pages.items, ['a', 'b']);
});

test('a reset gives up the request that runs; who waits for the first part gets the new one', async () => {
  const signals: AbortSignal[] = [];
  const pages = new Pages<string>(async (_cursor, signal) => {
    signals.push(signal);
    if (signals.length > 1) return { items: ['new'] };
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  });
  const waiting = pages.first();
  pages.reset();
  await waiting;
  assert.equal(signals[0]?.aborted, true);
  assert.deepEqual(pages.items, ['new']);
});

test('an answer that comes after a reset is dropped', async () => {
  let answer: (items: readonly string[]) => void = () => undefined;
  let asked = 0;
  const pages = new Pages<string>(async () => {
    asked += 1;
    if (asked > 1) return { items: ['new'] };
    return { items: await new Promise<readonly string[]>(resolve => (answer = resolve)) };
  });
  const waiting = pages.first();
  pages.reset();
  answer(['old']);
  await waiting;
  assert.deepEqual(pages.items, ['new']);
});
