import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileInflate } from '../../../src/layers/inflate/build.js';
import { InflateEngine } from '../../../src/layers/inflate/engine.ts';

test('the WebAssembly that is committed is what its source makes', async () => {
  const committed = readFileSync(new URL('../../../src/layers/inflate/inflate.wasm.ts', import.meta.url), 'utf8');
  assert.equal(committed, await compileInflate(), 'run node src/layers/inflate/build.js');
});

test('it imports nothing, and its memory cannot grow', () => {
  const instance = InflateEngine.load()?.take();
  assert.ok(instance, 'an instance needs no imports');
  assert.equal(instance.memory.buffer.byteLength, 8 * 65536);
  const memory = instance.memory as unknown as { grow(pages: number): number };
  assert.throws(() => memory.grow(1), RangeError);
});
