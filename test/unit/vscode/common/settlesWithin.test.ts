import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlesWithin } from '../../../../src/vscode/common/settlesWithin.ts';

test('reports a promise that fulfils or rejects in time', async () => {
  assert.equal(await settlesWithin(Promise.resolve(1), 60_000), true);
  assert.equal(await settlesWithin(Promise.reject(new Error('refused')), 60_000), true);
});

test('reports a late promise, which may still fulfil', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  assert.equal(await settlesWithin(promise, 1), false);
  resolve(7);
  assert.equal(await promise, 7);
});
