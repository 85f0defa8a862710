import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileInflate } from '../../../../../src/layers/compression/inflate/build.js';
import { InflateEngine } from '../../../../../src/layers/compression/inflate/engine.ts';

test('the committed WebAssembly is what its source compiles to', async () => {
  const committed = readFileSync(
    new URL('../../../../../src/layers/compression/inflate/inflate.wasm.ts', import.meta.url),
    'utf8',
  );
  assert.equal(committed, await compileInflate(), 'run node src/layers/compression/inflate/build.js');
});

test('each instance has its own memory, which cannot grow', () => {
  const engine = InflateEngine.load();
  assert.ok(engine);
  const { memory } = engine.take();
  assert.equal(memory.byteLength, 8 * 65536);
  assert.equal(memory.growable, false);
  assert.notEqual(engine.take().memory, memory);
});
