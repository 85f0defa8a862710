import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ListingDamagedError } from '../../../../src/browse/errors.ts';
import { ListingBuilder } from '../../../../src/browse/listing/listingBuilder.ts';
import { LayerListing } from '../../../../src/browse/listing/layerListing.ts';
import type { ListingEntry } from '../../../../src/browse/listing/layerEntries.ts';
import { scratch } from '../../layers/unpacking.ts';

const DIGEST = `sha256:${'0'.repeat(64)}` as const;
const COUNT = 1000;

/** Entries of all sorts: links, names that are not ASCII or UTF-8, attributes, large numbers. */
const entries: readonly ListingEntry[] = Array.from({ length: COUNT }, (_, at) => ({
  path: at % 100 === 7 ? `d${at % 9}/näme-\udcff-${at}` : `d${at % 9}/some/file-${at}`,
  type: at % 50 === 3 ? 'symlink' : 'file',
  linkname: at % 50 === 3 ? `../file-${at - 1}` : '',
  size: at === 999 ? 2 ** 40 : at,
  storedSize: at,
  mode: 0o644,
  uid: at % 3,
  gid: 2 ** 31 + at,
  mtime: at + 0.5,
  devMajor: 0,
  devMinor: 0,
  offset: 2 ** 33 + at * 512,
  crc: 0xffffffff - at,
  ...(at % 200 === 5 ? { xattrs: { 'user.a': 'AAAA' }, suspects: [{ what: 'a key', line: at }] } : {}),
}));

function builder(): ListingBuilder {
  const made = new ListingBuilder();
  for (const { suspects, ...entry } of entries) {
    made.add(entry);
    if (suspects) made.setSuspects(suspects);
  }
  return made;
}

const bytes = builder().finish({ digest: DIGEST, kind: 'gzip', diffId: DIGEST }, { tree: true });

function write(t: TestContext, content: Buffer = bytes): string {
  const path = join(scratch(t), 'listing');
  writeFileSync(path, content);
  return path;
}

async function opened(path: string): Promise<LayerListing> {
  return (await LayerListing.open(path, DIGEST)) ?? assert.fail('no listing');
}

function all(listing: LayerListing): ListingEntry[] {
  return Array.from({ length: listing.count }, (_, at) => listing.entry(at));
}

test('returns the entries added, from memory and from a file', async t => {
  for (const listing of [LayerListing.read(bytes, DIGEST), await opened(write(t))]) {
    assert.ok(listing);
    assert.deepEqual(listing.facts, { digest: DIGEST, kind: 'gzip', diffId: DIGEST });
    assert.deepEqual(all(listing), entries);
    assert.deepEqual(
      entries.map((_, at) => [listing.path(at), listing.type(at), listing.linkname(at), listing.size(at)]),
      entries.map(({ path, type, linkname, size }) => [path, type, linkname, size]),
    );
    assert.deepEqual(
      [...(listing.tree?.children.keys() ?? [])].toSorted(),
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map(at => `d${at}`),
    );
  }
});

test('reads unaligned bytes, an empty listing, and listings of full blocks', () => {
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  assert.deepEqual(all(LayerListing.read(shifted, DIGEST) ?? assert.fail('no listing')), entries);
  for (const count of [0, 1, 255, 256, 257, 512]) {
    const made = new ListingBuilder();
    for (const { suspects: _, ...entry } of entries.slice(0, count)) made.add(entry);
    const listing = LayerListing.read(made.finish({ digest: DIGEST, kind: 'toc' }), DIGEST);
    assert.deepEqual(
      listing && all(listing).map(({ path }) => path),
      entries.slice(0, count).map(({ path }) => path),
    );
    assert.equal(listing?.tree, undefined);
  }
});

test('keeps working when its file is removed', async t => {
  const path = write(t);
  const listing = await opened(path);
  rmSync(path);
  assert.deepEqual(all(listing), entries);
});

test('ignores a file that is truncated, of another layer or of another kind', async t => {
  const path = write(t);
  const changes: (() => void)[] = [
    () => truncateSync(path, bytes.length - 1),
    () => truncateSync(path, 40),
    () => truncateSync(path, 3),
    () => appendFileSync(path, 'x'),
    () => writeFileSync(path, flipped(bytes, 0)),
    () => writeFileSync(path, flipped(bytes, 200)),
    () => writeFileSync(path, flipped(bytes, 15)),
    () => truncateSync(path, 0),
    () => writeFileSync(path, 'PLI2'.padEnd(100, '\0')),
    () => rmSync(path),
  ];
  for (const change of changes) {
    writeFileSync(path, bytes);
    change();
    assert.equal(await LayerListing.open(path, DIGEST), undefined);
  }
  writeFileSync(path, bytes);
  assert.equal(await LayerListing.open(path, `sha256:${'1'.repeat(64)}`), undefined);
  assert.equal(openFiles(path), 0, 'none is left open');
});

test('reports a damaged block only when that block is read', async t => {
  // The last bytes are the names of the last entries.
  const path = write(t, flipped(bytes, bytes.length - 1));
  const listing = await opened(path);
  assert.deepEqual(listing.entry(0), entries[0]);
  assert.throws(() => listing.path(COUNT - 1), ListingDamagedError);
  assert.ok(!existsSync(path), 'the next opening replaces it');
  assert.deepEqual(listing.entry(1), entries[1]);
});

test('closes the file once the listing is garbage-collected', async t => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  const path = write(t);
  await (async () => {
    const listings = await Promise.all([1, 2, 3].map(() => opened(path)));
    assert.equal(openFiles(path), 3);
    assert.equal(listings.length, 3);
  })();
  for (let tries = 0; openFiles(path) > 0 && tries < 100; tries++) {
    await setTimeout(20);
    collect();
  }
  assert.equal(openFiles(path), 0);
});

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

/** Returns how many times this process has the file open. */
function openFiles(path: string): number {
  return readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;
}
