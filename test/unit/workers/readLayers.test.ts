import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLayers } from '../../../src/workers/readLayers.ts';
import type { Transfer } from '../../../src/workers/readLayers.ts';

const layerOf = (size: number) => ({
  descriptor: { mediaType: 'x', digest: `sha256:${'a'.repeat(64)}` as const, size },
});

test('adds up layers, even of the same blob', async () => {
  const told: Transfer[] = [];
  const watch = { signal: new AbortController().signal, report: (transfer: Transfer) => void told.push(transfer) };
  const sizes = await readLayers([layerOf(10), layerOf(10)], watch, async ({ descriptor: { size } }, onProgress) => {
    onProgress({ read: 5, downloaded: 5 });
    return size;
  });
  assert.deepEqual(sizes, [10, 10]);
  assert.deepEqual(told.at(-1), { done: 20, downloaded: 10, total: 20, layersDone: 2, layers: 2 });
});

test('aborts the others after a failure, and waits for them', async () => {
  let ended = false;
  const works = readLayers(
    [layerOf(1), layerOf(2)],
    { signal: new AbortController().signal, report: () => undefined },
    async ({ descriptor }, _onProgress, signal) => {
      if (descriptor.size === 1) throw new Error('broken');
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      ended = true;
    },
  );
  await assert.rejects(works, /broken/);
  assert.ok(ended);
});
