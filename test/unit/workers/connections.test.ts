import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Widening } from '../../../src/oci/byteSource.ts';
import type { Transport } from '../../../src/registry/http/transport.ts';
import { ConnectionBudget } from '../../../src/workers/connectionBudget.ts';
import { Connections } from '../../../src/workers/connections.ts';

test('connections are counted across threads, eight at most', () => {
  const budget = new ConnectionBudget();
  const elsewhere = new ConnectionBudget(budget.memory);
  budget.use();
  for (let taken = 1; taken < 8; taken++) assert.ok(elsewhere.take());
  assert.equal(budget.hasRoom, false);
  assert.equal(elsewhere.take(), false);
  elsewhere.release();
  assert.ok(budget.take());
});

test('after a refusal one connection ends, and no other begins until all have ended', () => {
  const budget = new ConnectionBudget();
  for (let taken = 0; taken < 4; taken++) budget.take();
  assert.ok(budget.isKept);
  budget.lower();
  assert.equal(budget.isKept, false);
  budget.release();
  assert.ok(budget.isKept);
  assert.equal(budget.take(), false);
  budget.reset();
  assert.ok(budget.take());
});

/** A download that takes any number of connections. */
class Endless implements Widening {
  readonly unclaimed: number;
  readonly asked: (() => boolean)[] = [];
  readonly #onAsk: () => void;
  constructor(unclaimed: number, onAsk: () => void = () => undefined) {
    this.unclaimed = unclaimed;
    this.#onAsk = onAsk;
  }
  async widen(stays: () => boolean): Promise<void> {
    this.asked.push(stays);
    this.#onAsk();
    return await new Promise(() => undefined);
  }
}

test('while the thread waits, the download with the most bytes ahead gets connections', async () => {
  const budget = new ConnectionBudget();
  budget.use();
  const transport = { refusals: 0 };
  const connections = new Connections(budget.memory, () => assert.fail('no layer waits'));
  const three = Promise.withResolvers<void>();
  const small = new Endless(10);
  const large = new Endless(20, () => large.asked.length === 3 && three.resolve());
  const unwatch = connections.watch(large);
  connections.watch(small);
  const end = connections.begin(transport as Transport);
  try {
    await three.promise;
    assert.equal(small.asked.length, 0);
    assert.ok(large.asked.every(stays => stays()));
    // The registry asks for fewer requests: no more connections, and one is to end.
    transport.refusals = 1;
    while (budget.isKept) await new Promise(resolve => setImmediate(resolve));
    assert.ok(large.asked.every(stays => !stays()));
  } finally {
    unwatch();
    end();
  }
});

test('a layer that waits comes before pieces of others', async () => {
  const budget = new ConnectionBudget();
  budget.use();
  budget.waiting = 1;
  const wanted = Promise.withResolvers<void>();
  const connections = new Connections(budget.memory, wanted.resolve);
  const large = new Endless(20);
  connections.watch(large);
  const end = connections.begin({ refusals: 0 } as Transport);
  await wanted.promise;
  end();
  assert.equal(large.asked.length, 0);
});
