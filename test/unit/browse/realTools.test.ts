import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import { image, layer } from '../../support/image.ts';
import { recompress, writeLayout } from '../../support/layout.ts';
import { run, skopeo } from '../../support/run.ts';
import { startContainerd } from '../../support/servers/containerd.ts';
import { startDockerRegistry } from '../../support/servers/dockerRegistry.ts';
import { tempFolder } from '../../support/servers/process.ts';
import { directory, file, hardlink, symlink } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { contentOf, fetched, pathsOf } from './browsing.ts';

/** Layers made by real tools rather than by the tests' own builders. */
const { registry, pulling } = await setUpPulling();

const BIG = randomBytes(24 << 20);
const built = image({
  layers: [
    layer([
      directory('etc/', { mode: 0o750, uid: 7 }),
      file('etc/motd', 'hello\n', { mode: 0o640 }),
      file('big', BIG),
      file('empty'),
      ...Array.from({ length: 200 }, (_, at) => file(`many/${at}`, `content of ${at}`)),
      file('late', 'near the end'),
      symlink('link', 'etc/motd'),
      hardlink('hard', 'etc/motd'),
    ]),
  ],
});

async function checkFiles(tree: MergedTree): Promise<void> {
  assert.equal(pathsOf(tree).length, 208);
  const { mode, uid, verified } = tree.find('etc').facts;
  assert.deepEqual([mode, uid, verified], [0o750, 7, undefined]);
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.equal(String(await contentOf(tree, 'many/77')), 'content of 77');
  assert.equal(String(await contentOf(tree, 'link')), 'hello\n');
  assert.equal(String(await contentOf(tree, 'hard')), 'hello\n');
  assert.equal((await contentOf(tree, 'empty')).length, 0);
}

const withContainerd = firstOf(requireRoot(), requireTool('containerd', 'ctr-remote'));

for (const [kind, option] of [
  ['eStargz', '--estargz'],
  ['zstd:chunked', '--zstdchunked'],
] as const) {
  test(`reads ${kind} made by stargz-snapshotter's ctr-remote`, { skip: withContainerd }, async () => {
    const containerd = await startContainerd();
    try {
      registry.store.put('real', await containerd.convert(built, option), kind.replace(':', '-'));
    } finally {
      await containerd.close();
    }
    const tree = await pulling.open(
      `${registry.host}/real:${kind.replace(':', '-')}`,
      () => (registry.requests.length = 0),
    );
    await checkFiles(tree);
    const { bytes } = fetched(registry.requests);
    assert.ok(bytes < BIG.length / 100, `${bytes} bytes were fetched`);
    assert.ok((await contentOf(tree, 'big')).equals(BIG));
  });
}

test(
  'reads uncompressed tar pushed by skopeo to a real registry',
  { skip: requireTool('skopeo', 'docker-registry') },
  async () => {
    const scratch = tempFolder('plain');
    const server = await startDockerRegistry();
    try {
      const [{ tar } = { tar: Buffer.alloc(0) }] = built.layers;
      const plain = image({ layers: [layer(tar, { compression: 'none' })] });
      writeLayout(join(scratch.path, 'layout'), plain, 'it');
      const target = `docker://${server.host}/real:plain`;
      await skopeo(
        ['copy', '-q', '--dest-tls-verify=false', `oci:${join(scratch.path, 'layout')}:it`, target],
        scratch.path,
      );
      const tree = await pulling.open(`${server.host}/real:plain`);
      const { facts } = tree.find('late').content?.layer.files.listing ?? {};
      // Skopeo compresses what it pushes unless digests must be preserved.
      assert.equal(facts?.kind, 'gzip');
      const asIs = ['--dest-tls-verify=false', '--preserve-digests'];
      await skopeo(['copy', '-q', ...asIs, `oci:${join(scratch.path, 'layout')}:it`, target], scratch.path);
      const parts = await pulling.open(`${server.host}/real:plain`);
      assert.deepEqual(parts.find('late').content?.layer.files.listing.facts.verified, false);
      assert.equal(String(await contentOf(parts, 'late')), 'near the end');
      assert.ok((await contentOf(parts, 'big')).equals(BIG));
    } finally {
      await server.close();
      scratch.remove();
    }
  },
);

test('reads a file deep in a layer that skopeo compressed with zstd', { skip: requireTool('skopeo') }, async () => {
  registry.store.put('real', await recompress(built, 'zstd'), 'zstd');
  const tree = await pulling.open(`${registry.host}/real:zstd`, () => (registry.requests.length = 0));
  await checkFiles(tree);
  assert.ok((await contentOf(tree, 'big')).equals(BIG));
  const { digest } = tree.find('late').content?.layer.files.listing.facts ?? {};
  assert.ok(digest);
  rmSync(pulling.layerWork.store.path(digest));
  registry.requests.length = 0;
  assert.equal(String(await contentOf(tree, 'late')), 'near the end');
  assert.deepEqual(fetched(registry.requests), { requests: 0, bytes: 0 });
});

const withPodman = firstOf(requireRoot(), requireTool('podman', 'docker-registry'));

test('reads zstd:chunked pushed by podman to a real registry', { skip: withPodman }, async () => {
  const scratch = tempFolder('podman');
  const [layout, archive] = [join(scratch.path, 'layout'), join(scratch.path, 'archive.tar')];
  const server = await startDockerRegistry();
  const podman = (...args: readonly string[]): Promise<string> =>
    run('podman', [
      `--root=${join(scratch.path, 'root')}`,
      `--runroot=${join(scratch.path, 'run')}`,
      `--tmpdir=${join(scratch.path, 'tmp')}`,
      '--storage-driver=vfs',
      '--cgroup-manager=cgroupfs',
      ...args,
    ]);
  try {
    writeLayout(layout, built, 'it');
    await run('tar', ['-C', layout, '-cf', archive, '.']);
    const id = (await podman('pull', '-q', `oci-archive:${archive}`)).trim();
    const target = `docker://${server.host}/real:podman`;
    await podman('push', '-q', '--tls-verify=false', '--compression-format', 'zstd:chunked', id, target);
    const tree = await pulling.open(`${server.host}/real:podman`);
    assert.equal(tree.find('late').content?.layer.files.listing.facts.kind, 'toc');
    await checkFiles(tree);
    // The blob was not downloaded as a whole.
    assert.ok((await pulling.layerWork.store.size()) < BIG.length / 10);
    assert.ok((await contentOf(tree, 'big')).equals(BIG));
  } finally {
    await server.close();
    scratch.remove();
  }
});
