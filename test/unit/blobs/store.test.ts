import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { PartialFile } from '../../../src/blobs/partialFile.ts';
import { BlobStore } from '../../../src/blobs/store.ts';
import { Verifier } from '../../../src/blobs/verifier.ts';
import { DigestMismatchError, SizeMismatchError } from '../../../src/oci/mismatchErrors.ts';
import type { Digest } from '../../../src/oci/digest.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'peel-store-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const digestOf = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const bytes = (text: string) => Buffer.from(text);

function commit(store: BlobStore, text: string): Digest {
  const partial = new PartialFile(store.path(digestOf(text)));
  partial.write(bytes(text));
  partial.commit();
  return digestOf(text);
}

test('accepts only the right bytes, in any pieces, for sha256 and sha512', () => {
  for (const algorithm of ['sha256', 'sha512']) {
    const digest: Digest = `${algorithm}:${createHash(algorithm).update('hello').digest('hex')}`;
    const good = new Verifier(digest, 5);
    good.write(bytes('he'));
    good.write(bytes('llo'));
    good.end();
    const wrong = new Verifier(digest, 5);
    wrong.write(bytes('hallo'));
    assert.throws(() => wrong.end(), DigestMismatchError);
  }
  const short = new Verifier(digestOf('hello'), 5);
  short.write(bytes('hell'));
  assert.throws(() => short.end(), SizeMismatchError);
  const long = new Verifier(digestOf('hello'), 5);
  assert.throws(
    () => long.write(bytes('hello!')),
    SizeMismatchError,
    'refused at the first byte too many, not at the end',
  );
  const unknown = new Verifier(digestOf('hello'), -1);
  unknown.write(bytes('hello'));
  unknown.end();
});

test('gives a blob its final name on commit, and makes it read-only', () => {
  const store = new BlobStore(root);
  const path = store.path(digestOf('abc'));
  const partial = new PartialFile(path);
  partial.write(bytes('abc'));
  assert.ok(!existsSync(path));
  partial.commit();
  assert.equal(readFileSync(path, 'utf8'), 'abc');
  assert.equal(statSync(path).mode & 0o777, 0o444);
  assert.deepEqual([existsSync(`${path}.partial`), existsSync(`${path}.partial.lock`)], [false, false]);
});

test('resumes from what an earlier attempt left, and drops wrong bytes', () => {
  const path = new BlobStore(root).path(digestOf('abcdef'));
  const first = new PartialFile(path);
  first.write(bytes('abc'));
  first.keep();
  const second = new PartialFile(path);
  assert.equal(second.length, 3);
  let left = '';
  for (const chunk of second.leftovers()) left += Buffer.from(chunk).toString();
  assert.equal(left, 'abc');
  second.write(bytes('def'));
  second.discard();
  const third = new PartialFile(path);
  assert.equal(third.length, 0);
  third.keep();
});

test('keeps two writers apart, and takes over the lock of a dead one', () => {
  const path = new BlobStore(root).path(digestOf('abc'));
  const first = new PartialFile(path);
  const second = new PartialFile(path);
  first.write(bytes('ab'));
  second.write(bytes('abc'));
  second.commit();
  assert.equal(readFileSync(path, 'utf8'), 'abc');
  first.keep();
  writeFileSync(`${path}.partial.lock`, '999999999');
  const third = new PartialFile(path);
  assert.equal(third.length, 2, 'the lock of a process that has exited is taken over');
  third.discard();
  writeFileSync(`${path}.partial.lock`, `${process.pid} 1`);
  const fourth = new PartialFile(path);
  fourth.keep();
  assert.ok(existsSync(`${path}.partial`), "a later process with the same PID doesn't hold the lock");
  writeFileSync(`${path}.partial.lock`, '');
  const fifth = new PartialFile(path);
  fifth.write(bytes('ab'));
  fifth.keep();
  assert.equal(statSync(`${path}.partial`).size, 0, 'the holder of an empty lock may be about to write into it');
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(`${path}.partial.lock`, longAgo, longAgo);
  const sixth = new PartialFile(path);
  sixth.write(bytes('ab'));
  sixth.keep();
  assert.equal(statSync(`${path}.partial`).size, 2, 'an old empty one has no holder');
});

test('links a blob into an image folder, where it outlives the cache', async () => {
  const store = new BlobStore(join(root, 'cache'));
  const digest = commit(store, 'layer');
  const target = join(root, 'image', 'blobs', 'x');
  await store.linkTo(digest, target);
  await store.linkTo(digest, target);
  writeFileSync(join(root, 'other'), 'a file of the user');
  assert.equal(await store.size(), 5);
  assert.equal(await store.clear(), 5);
  assert.equal(readFileSync(target, 'utf8'), 'layer');
  assert.ok(lstatSync(target).isFile());
});

test('prunes the least recently used blobs, and partial files only when they are old', async () => {
  const store = new BlobStore(root);
  const [old, recent] = [commit(store, 'old-blob'), commit(store, 'new-blob')];
  utimesSync(store.path(old), new Date(0), new Date(0));
  const kept = new PartialFile(store.path(digestOf('fresh')));
  kept.write(bytes('half'));
  kept.keep();
  assert.equal(await store.prune(12), 8);
  assert.deepEqual([await store.has(old), await store.has(recent), await store.has(recent, 7)], [false, true, false]);
  assert.equal(await store.prune(1e9, Date.now() + 8 * 86_400_000), 4, 'a partial file unused for a week');
});
