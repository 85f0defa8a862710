import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'node:test';

test('lists a layer of 100,000 files in less than 100 MB', async () => {
  const program = fileURLToPath(new URL('./listingMemory.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, '100000']);
  const { bytes, entries, listing } = JSON.parse(stdout) as { bytes: number; entries: number; listing: number };
  assert.equal(entries, 100_000);
  assert.ok(bytes > listing, 'the listing itself is included');
  assert.ok(bytes < 100e6, `${bytes} bytes`);
});
