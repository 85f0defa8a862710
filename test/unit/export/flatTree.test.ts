import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeRootfsTar } from '../../../src/export/rootfsTar.ts';
import type { BlobSource } from '../../../src/oci/byteSource.ts';
import { layer, type BuiltLayer } from '../../support/image.ts';
import { directory, type Entry, file, symlink, whiteout } from '../../support/tar.ts';

const limits = { maxBytes: 1e8, maxEntries: 1e5 };

/** Writes the flat tar of layers, and returns the names that GNU tar lists. */
async function flat(t: { after(hook: () => void): void }, ...layers: readonly BuiltLayer[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'peel-flat-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const archive = join(folder, 'flat.tar');
  const source: BlobSource = {
    read: async ({ digest }, from, sink) =>
      sink.write(layers.find(built => built.digest === digest)?.blob.subarray(from) ?? assert.fail()),
    readRange: async () => undefined,
  };
  const described = layers.map(({ digest, diffId, blob }, at) => ({
    number: at + 1,
    diffId,
    descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: blob.length },
  }));
  await writeRootfsTar(source, described, { file: archive, limits }, AbortSignal.timeout(60_000));
  return execFileSync('tar', ['-tf', archive], { encoding: 'utf8', maxBuffer: 1e9 }).trimEnd().split('\n');
}

/** Directories nested deeper than a path can be long, by way of symlinks to their middle. */
function deepDirectories(depth: number): Entry[] {
  const part = 'd/'.repeat(1500);
  const links = Array.from({ length: depth / 1500 }, (_, at) => at);
  return links.flatMap(at => [
    directory(at === 0 ? part : `l${at - 1}/${part}`),
    symlink(`l${at}`, `${at === 0 ? '' : `l${at - 1}/`}${part.slice(0, -1)}`),
  ]);
}

test('writes directories nested 6,000 deep, directories before their content, names in order', async t => {
  const names = await flat(t, layer([...deepDirectories(6000), file('z', 'z'), file('b/a', 'x'), file('b.', 'x')]));
  assert.deepEqual(names.slice(0, 4), ['b/', 'b/a', 'b.', 'd/']);
  assert.deepEqual(names.slice(-2), ['l3', 'z']);
  assert.equal(Math.max(...names.map(name => name.split('/').length - 1)), 6000);
});

test('deletes directories nested 6,000 deep', async t => {
  assert.deepEqual(await flat(t, layer([...deepDirectories(6000), file('z', 'z')]), layer([whiteout('d')])), [
    'l0',
    'l1',
    'l2',
    'l3',
    'z',
  ]);
});
