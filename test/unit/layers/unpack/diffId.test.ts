import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { DiffIdHash } from '../../../../src/layers/unpack/diffId.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

const BLOCK = 512;
const digest = (bytes: Buffer, algorithm = 'sha256'): Digest =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;

function read(bytes: Buffer, expected?: Digest): { readonly diffId: Digest; readonly dropped: number } {
  const hash = new DiffIdHash(expected);
  for (let at = 0; at < bytes.length; at += 700) hash.update(bytes.subarray(at, at + 700));
  assert.equal(hash.size, bytes.length);
  assert.deepEqual(hash.read(), hash.read());
  return hash.read();
}

const bytes = randomBytes(5 * BLOCK);
const longer = (blocks: number, last = 0): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(Math.max(0, blocks * BLOCK - 1)), Buffer.alloc(Math.min(1, blocks), last)]);

test('the diff ID is that of the bytes, by the algorithm that is expected', () => {
  assert.deepEqual(read(bytes), { diffId: digest(bytes), dropped: 0 });
  assert.deepEqual(read(bytes, digest(bytes)), { diffId: digest(bytes), dropped: 0 });
  assert.deepEqual(read(bytes, digest(bytes, 'sha512')), { diffId: digest(bytes, 'sha512'), dropped: 0 });
});

test('empty blocks that were dropped at the end are no other content', () => {
  for (const blocks of [1, 2, 15, 40]) {
    for (const algorithm of ['sha256', 'sha512']) {
      const expected = digest(longer(blocks), algorithm);
      assert.deepEqual(read(bytes, expected), { diffId: expected, dropped: blocks * BLOCK });
    }
  }
});

test('anything else is', () => {
  const others = {
    'more than a record': longer(41),
    'a byte that is none of zero': longer(3, 1),
    'not whole blocks': Buffer.concat([bytes, Buffer.alloc(100)]),
    'fewer bytes': bytes.subarray(0, 4 * BLOCK),
    'a changed byte': Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), longer(2).subarray(1)]),
  };
  for (const [what, other] of Object.entries(others))
    assert.deepEqual(read(bytes, digest(other)), { diffId: digest(bytes), dropped: 0 }, what);
  const odd = bytes.subarray(0, 600);
  const expected = digest(Buffer.concat([odd, Buffer.alloc(BLOCK)]));
  assert.deepEqual(read(odd, expected), { diffId: digest(odd), dropped: 0 }, 'no whole blocks came');
});

test('a blob that is the archive itself is not hashed again, when it is what is expected', () => {
  const blob = digest(bytes);
  for (const expected of [undefined, blob]) {
    const hash = new DiffIdHash(expected, blob);
    // Whoever names the blob has checked its bytes: these are others, and would have another
    // digest.
    hash.update(bytes.subarray(1));
    assert.deepEqual(hash.read(), { diffId: blob, dropped: 0 });
  }
});

test('but it is when something else is expected, or in another algorithm', () => {
  const others = [digest(randomBytes(3)), digest(bytes, 'sha512')];
  for (const expected of others) {
    const hash = new DiffIdHash(expected, digest(bytes));
    hash.update(bytes);
    assert.equal(hash.read().diffId, digest(bytes, expected.slice(0, expected.indexOf(':'))));
  }
  const hash = new DiffIdHash(undefined, digest(bytes, 'sha512'));
  hash.update(bytes);
  assert.equal(hash.read().diffId, digest(bytes));
});
