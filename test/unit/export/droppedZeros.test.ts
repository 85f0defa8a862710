import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { ExportFormat } from '../../../src/export/exportJob.ts';
import { exportImage } from '../../../src/export/exportImage.ts';
import { mergeLayers } from '../../../src/layers/unpack/merge.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import { fetchLayers } from '../../../src/export/mergeImage.ts';
import { image, layer } from '../../support/image.ts';
import { isJson, parseJson } from '../../support/json.ts';
import { recompress } from '../../support/layout.ts';
import { sha256, type Content } from '../../support/registry/store.ts';
import { run } from '../../support/run.ts';
import { directory, file, hardlink, tar } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { scratch } from '../layers/unpacking.ts';
import { Searching } from '../search/searching.ts';

const { registry, pulling } = await setUpPulling();

/** An archive like tar's: padded with empty blocks to a whole record. */
function padded(): Buffer {
  const archive = tar(directory('etc/'), file('etc/a', 'hello\n'), hardlink('etc/b', 'etc/a'));
  assert.ok(archive.length < 10_240);
  return Buffer.concat([archive, Buffer.alloc(10_240 - archive.length)]);
}

/** Returns the archive with only some of the empty blocks after its last entry. */
function dropped(archive: Buffer, kept: number): Buffer {
  let end = archive.length;
  while (archive.subarray(end - 512, end).every(byte => byte === 0)) end -= 512;
  return archive.subarray(0, end + kept * 512);
}

/** Pulls, merges, searches and exports the image in every form. */
async function checkEveryWay(t: TestContext, content: Content): Promise<void> {
  registry.store.put('padded', content, 'latest');
  const reference = `${registry.host}/padded:latest`;
  const { signal } = new AbortController();
  const place = scratch(t);
  const { folder } = await pulling.pull(reference, 'padded');
  assert.equal(readFileSync(join(folder, 'layers/1/etc/b'), 'utf8'), 'hello\n');

  const resolved = await pulling.resolve(reference);
  const merged = join(place, 'merged');
  await mergeLayers(pulling.blobs(resolved), resolved.layers, { folder: merged, limits: DEFAULT_LIMITS }, signal);
  assert.equal(readFileSync(join(merged, 'etc/a'), 'utf8'), 'hello\n');

  const searching = await Searching.open(pulling, reference);
  const { matches, failures } = await searching.search('hello', { path: 'etc/a' });
  assert.deepEqual([matches.map(({ path }) => path), failures], [['etc/a'], []]);

  const files = await fetchLayers(pulling.layerWork, resolved, pulling.origin(resolved), {
    signal,
    report: () => undefined,
  });
  const script = new URL('../../../src/export/exportWorker.ts', import.meta.url);
  const save = async (format: ExportFormat): Promise<string> => {
    const path = join(place, `${format}.tar`);
    const options = { format, path, limits: DEFAULT_LIMITS, script };
    await exportImage(resolved, files, options, { signal, report: () => undefined });
    return path;
  };
  assert.equal(execFileSync('tar', ['-xOf', await save('rootfs-tar'), 'etc/a'], { encoding: 'utf8' }), 'hello\n');
  await save('oci-archive');
  await checkDockerArchive(await save('docker-archive'), join(place, 'read-back'));
}

/** Checks the layers' diff IDs with skopeo too. */
async function checkDockerArchive(archive: string, layout: string): Promise<void> {
  const read = (name: unknown): Buffer => execFileSync('tar', ['-xOf', archive, String(name)]);
  const [named] = JSON.parse(read('manifest.json').toString()) as Record<string, unknown>[];
  const { rootfs } = parseJson(read(named?.['Config']));
  assert.ok(isJson(rootfs));
  const layers = named?.['Layers'] as string[];
  assert.deepEqual(
    layers.map(name => sha256(read(name))),
    rootfs['diff_ids'],
  );
  await run('skopeo', ['--insecure-policy', 'copy', '-q', `docker-archive:${archive}`, `oci:${layout}:it`]);
}

const skip = firstOf(requireRoot(), requireTool('skopeo', 'tar'));

for (const kept of [0, 1, 2]) {
  test(`accepts a layer that lost all but ${kept} of the empty blocks at its end`, { skip }, async t => {
    const archive = padded();
    const blob = zstdCompressSync(dropped(archive, kept));
    await checkEveryWay(t, image({ layers: [layer(archive, { compression: 'zstd', blob })] }));
  });
}

test('accepts a layer of tar that skopeo converted to zstd:chunked', { skip }, async t => {
  // Old versions drop what follows the end marks (1.9 makes 2,560 bytes of 10,240).
  await checkEveryWay(t, await recompress(image({ layers: [layer(padded())] }), 'zstd:chunked'));
});
