import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FolderTakenError } from '../../../src/pull/imageFolder.ts';
import { StoredBlobError } from '../../../src/workers/layerErrors.ts';
import { mergeLayerFiles, type LayerFile } from '../../../src/export/mergeImage.ts';
import { removeTree } from '../../../src/pull/removeTree.ts';
import { layer, type BuiltLayer } from '../../support/image.ts';
import { sha256 } from '../../support/registry/store.ts';
import { directory, file, opaque, whiteout } from '../../support/tar.ts';

const script = new URL('../../../src/export/mergeWorker.ts', import.meta.url);
const limits = { maxBytes: 1e8, maxEntries: 1e5 };
let scratch = '';

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peel-merge-'));
});
after(() => removeTree(scratch));

const watch = (signal = new AbortController().signal) => ({ signal, report: () => undefined });

/** Writes layers to disk like a cache. */
function onDisk(name: string, ...layers: readonly BuiltLayer[]): LayerFile[] {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return layers.map(({ blob, diffId }, at) => {
    const path = join(folder, String(at + 1));
    writeFileSync(path, blob);
    const descriptor = { mediaType: '', digest: sha256(blob), size: blob.length };
    return { layer: { number: at + 1, descriptor, diffId }, blob: path };
  });
}

const base = () =>
  layer([directory('etc/'), file('etc/keep', 'base'), file('etc/gone', 'x'), directory('var/'), file('var/old', 'x')]);
const top = () =>
  layer([file('etc/keep', 'top'), whiteout('etc/gone'), directory('var/'), opaque('var'), file('var/new', 'y')]);

test('applies layers and their deletions in order', async () => {
  const folder = join(scratch, 'merged');
  assert.deepEqual(await mergeLayerFiles(onDisk('in-order', base(), top()), { folder, limits, script }, watch()), []);
  assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted(), [
    'etc',
    'etc/keep',
    'var',
    'var/new',
  ]);
  assert.equal(readFileSync(join(folder, 'etc/keep'), 'utf8'), 'top');
});

test('creates read-only folders that can be removed', async () => {
  const folder = join(scratch, 'read-only');
  const closed = layer([directory('./', { mode: 0o555 }), directory('shut/', { mode: 0o555 }), file('shut/file', 'x')]);
  await mergeLayerFiles(onDisk('closed', closed), { folder, limits, script }, watch());
  assert.ok(existsSync(join(folder, 'shut/file')));
  await removeTree(folder);
  assert.equal(existsSync(folder), false);
});

test('keeps an existing target', async () => {
  const folder = join(scratch, 'taken');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mine'), 'mine');
  const files = onDisk('taken-layers', base());
  await assert.rejects(mergeLayerFiles(files, { folder, limits, script }, watch()), FolderTakenError);
  await assert.rejects(
    mergeLayerFiles(files, { folder: join(folder, 'mine'), limits, script }, watch()),
    FolderTakenError,
  );
  assert.deepEqual(readdirSync(folder), ['mine']);
});

test('names a changed or missing blob and the remedy, and leaves nothing', async () => {
  const damages: [string, RegExp, (bytes: Buffer, path: string) => void][] = [
    // In the gzip header's time: the content stays readable, only the digest changes.
    ['time', /Remove this file and pull the image again/, bytes => (bytes[4] = bytes[4]! ^ 1)],
    ['data', /Remove this file and pull the image again/, bytes => bytes.fill(0xff, 20, 40)],
    ['cut', /Remove this file and pull the image again/, (bytes, path) => writeFileSync(path, bytes.subarray(0, 30))],
    ['gone', /is not there\. Pull the image again/, (_, path) => rmSync(path)],
  ];
  for (const [name, remedy, damage] of damages) {
    const files = onDisk(`changed-${name}`, base(), top());
    const { blob: path, layer: described } = files[1]!;
    const bytes = readFileSync(path);
    damage(bytes, path);
    if (name === 'time' || name === 'data') writeFileSync(path, bytes);
    const folder = join(scratch, `from-changed-${name}`);
    await assert.rejects(mergeLayerFiles(files, { folder, limits, script }, watch()), error => {
      assert.ok(error instanceof StoredBlobError, `${name}: ${String(error)}`);
      assert.deepEqual([error.layer, error.digest, error.path], [2, described.descriptor.digest, path]);
      assert.match(error.message, remedy);
      return true;
    });
  }
  assert.deepEqual(
    readdirSync(scratch).filter(name => name.startsWith('from-changed')),
    [],
  );
});

test('leaves nothing after a cancellation', async () => {
  const folder = join(scratch, 'cancelled');
  const files = onDisk('to-cancel', base());
  await assert.rejects(mergeLayerFiles(files, { folder, limits, script }, watch(AbortSignal.abort())), {
    name: 'AbortError',
  });
  assert.deepEqual(
    readdirSync(scratch).filter(name => name.startsWith('cancelled')),
    [],
  );
});
