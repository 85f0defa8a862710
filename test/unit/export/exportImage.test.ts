import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { ExportFormat } from '../../../src/export/exportJob.ts';
import { exportImage } from '../../../src/export/exportImage.ts';
import { DamagedLayoutError, openPulledImage, type StoredImage } from '../../../src/export/pulledImage.ts';
import { DEFAULT_LIMITS } from '../../support/doubles.ts';
import { FolderTakenError, readImageFolder } from '../../../src/pull/imageFolder.ts';
import { StoredBlobError } from '../../../src/workers/layerErrors.ts';
import { fetchLayers } from '../../../src/export/mergeImage.ts';
import { image, layer, type BuiltLayer } from '../../support/image.ts';
import { isJson, parseJson } from '../../support/json.ts';
import { putRealImage, realImage, requireRealImage, unpackTruth } from '../../support/realImage.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { sha256 } from '../../support/registry/store.ts';
import { run } from '../../support/run.ts';
import { device, directory, fifo, file, hardlink, opaque, paxSparse, symlink, whiteout } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { compareTrees, readTree, type Tree, TREE_TOOLS } from '../../support/tree.ts';
import { scratch } from '../layers/unpacking.ts';
import { Pulling } from '../../support/pulling.ts';

const script = new URL('../../../src/export/exportWorker.ts', import.meta.url);
const limits = DEFAULT_LIMITS;
const signal = new AbortController().signal;
const watch = { signal, report: () => undefined };

/**
 * Layers that hide, replace and link each other in every way that a flattened archive must get
 * right.
 */
function tricky(compression: 'gzip' | 'zstd' = 'gzip'): BuiltLayer[] {
  const long = 'l'.repeat(120);
  return [
    layer(
      [
        directory('./', { mode: 0o750, uid: 7 }),
        directory('usr/'),
        directory('usr/lib/'),
        symlink('lib', 'usr/lib'),
        file('usr/lib/old.so', 'old'),
        file('kept', 'kept content', { uid: 1000, gid: 3_000_000, mode: 0o4755 }),
        hardlink('also-kept', 'kept', { uid: 1000, gid: 3_000_000, mode: 0o4755 }),
        // Its header differs from the file's, which counts.
        hardlink('odd-link', 'kept', { uid: 1, mode: 0o600, mtime: 7 }),
        file('a-target', 'linked', { xattrs: { 'user.note': 'on the file' } }),
        hardlink('z-link', 'a-target', { xattrs: { 'user.note': 'on the file' } }),
        directory('shut/', { mode: 0o555 }),
        file('shut/inside', 'x'),
        directory('opaque/'),
        file('opaque/gone', 'x'),
        file('becomes-directory', 'x'),
        directory('becomes-file/'),
        file('becomes-file/gone', 'x'),
        device('null', 'char', 1, 3),
        fifo('pipe', { mode: 0o622 }),
        file(`${long}/${long}/${long}`, 'long'),
        file('ünïcödé-文件', 'u'),
        file(Buffer.from([0x72, 0x61, 0x77, 0xff, 0xfe]), 'raw'),
        paxSparse('sparse', 1 << 20, [{ offset: 4096, data: Buffer.alloc(512, 'm') }]),
        file('old-time', 't', { mtime: -86_400 }),
        file('exact-time', 't', { mtime: 981_173_106.25 }),
      ],
      { createdBy: 'base' },
    ),
    layer(
      [
        // Through the symlink, into a directory of the layer below.
        file('usr/lib/new.so', 'new'),
        whiteout('usr/lib/old.so'),
        // Deletes the first name; the content stays under the other.
        whiteout('a-target'),
        directory('opaque/', { mode: 0o700 }),
        file('opaque/new', 'y'),
        opaque('opaque'),
        whiteout('becomes-directory'),
        directory('becomes-directory/'),
        file('becomes-directory/inside', 'z'),
        file('becomes-file', 'now a file'),
        hardlink('link-into-below', 'shut/inside'),
      ],
      { compression, createdBy: 'changes' },
    ),
  ];
}

/** Returns the differences between two unpacked trees, except for unavoidable ones. */
function differences(ours: Tree, truth: Tree): string[] {
  return compareTrees(ours, truth, (path, fact) => {
    const [one, other] = [ours.get(path), truth.get(path)];
    if (fact === 'mtime') return undated(path, one) || Math.abs((one?.mtime ?? 0) - (other?.mtime ?? 0)) < 1e-6;
    return fact === 'xattrs' && JSON.stringify(own(one?.xattrs)) === JSON.stringify(own(other?.xattrs));
  });
}

/**
 * Whether no layer describes a directory, so that its time is when it was created: the real image's
 * root, and the long names.
 */
function undated(path: string, facts: ReturnType<Tree['get']>): boolean {
  return path === '.' || (facts?.type === 'directory' && path.startsWith('lll'));
}

/** Removes umoci's own attributes. */
function own(xattrs: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(xattrs).filter(([name]) => !/^(user\.overlay|trusted\.overlay|user\.rootless)/.test(name)),
  );
}

function untar(archive: string, folder: string): Tree {
  mkdirSync(folder);
  const flags = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '--same-owner', '-p'];
  execFileSync('tar', ['-xf', archive, ...flags, '-C', folder]);
  return readTree(folder);
}

suite(
  'exporting an image',
  { skip: firstOf(requireRoot(), requireTool('skopeo', 'umoci', 'tar', ...TREE_TOOLS)), timeout: 1_800_000 },
  () => {
    let registry: Registry;
    let pulling: Pulling;

    before(async () => {
      registry = await startRegistry();
      pulling = new Pulling();
      const layers = tricky();
      const name = 'demo/tricky';
      registry.store.put(name, image({ layers }), 'oci');
      registry.store.put(name, image({ layers, format: 'docker' }), 'docker');
      registry.store.put(name, image({ layers: tricky('zstd'), format: 'docker' }), 'zstd');
      registry.store.put(name, image({ layers, format: 'schema1', name, tag: 'old' }), 'old');
    });
    after(async () => {
      await pulling.end();
      await registry.close();
    });

    /** Opens an image of the registry, with its layers in the cache. */
    async function fromRegistry(reference: string): Promise<StoredImage> {
      const resolved = await pulling.resolve(reference);
      return {
        image: resolved,
        files: await fetchLayers(pulling.layerWork, resolved, pulling.origin(resolved), watch),
      };
    }

    async function fromFolder(reference: string, name: string): Promise<StoredImage> {
      const { folder } = await pulling.pull(reference, name);
      return openPulledImage(await readImageFolder(folder), signal);
    }

    const save = ({ image: what, files }: StoredImage, format: ExportFormat, path: string) =>
      exportImage(what, files, { format, path, limits, script }, watch);

    /** Unpacks an image of a layout with umoci. */
    async function truthOf(layout: string, place: string): Promise<Tree> {
      await run('umoci', ['unpack', '--image', layout, join(place, 'bundle')]);
      return readTree(join(place, 'bundle/rootfs'));
    }

    for (const tag of ['oci', 'docker', 'old']) {
      for (const origin of ['registry', 'folder']) {
        test(`${tag} from a ${origin}: skopeo and umoci read the same image back from every form`, async t => {
          const place = scratch(t);
          const reference = `${registry.host}/demo/tricky:${tag}`;
          const stored =
            origin === 'registry' ? await fromRegistry(reference) : await fromFolder(reference, `whole-${tag}`);
          const path = (name: string) => join(place, name);
          assert.deepEqual(await save(stored, 'oci-layout', path('layout')), []);
          assert.deepEqual(await save(stored, 'oci-archive', path('oci.tar')), []);
          assert.deepEqual(await save(stored, 'docker-archive', path('docker.tar')), []);
          assert.deepEqual(await save(stored, 'rootfs-tar', path('rootfs.tar')), []);
          assert.deepEqual(
            readdirSync(place).filter(name => name.includes('partial')),
            [],
          );
          // skopeo verifies every digest.
          const truth = await truthOf(`${path('layout')}:${tag}`, place);
          for (const [transport, name] of [
            [`oci:${path('layout')}:${tag}`, 'from-layout'],
            [`oci-archive:${path('oci.tar')}:${tag}`, 'from-oci'],
            [`docker-archive:${path('docker.tar')}`, 'from-docker'],
          ] as const) {
            await run('skopeo', ['--insecure-policy', 'copy', '-q', transport, `oci:${path(name)}:it`]);
            mkdirSync(path(`${name}-bundle`));
            assert.deepEqual(differences(await truthOf(`${path(name)}:it`, path(`${name}-bundle`)), truth), [], name);
          }
          assert.deepEqual(differences(untar(path('rootfs.tar'), path('root')), truth), []);
        });
      }
    }

    test('the flattened archive has each name once, with the content of the layers', async t => {
      const archive = join(scratch(t), 'rootfs.tar');
      await save(await fromRegistry(`${registry.host}/demo/tricky:oci`), 'rootfs-tar', archive);
      const root = join(dirname(archive), 'root');
      const tree = untar(archive, root);
      assert.equal(readFileSync(join(root, 'usr/lib/new.so'), 'utf8'), 'new');
      assert.equal(readFileSync(join(root, 'z-link'), 'utf8'), 'linked');
      assert.equal(tree.get('a-target'), undefined);
      assert.equal(tree.get('opaque/gone'), undefined);
      assert.deepEqual(
        [tree.get('kept')?.mode, tree.get('kept')?.uid, tree.get('kept')?.gid, tree.get('kept')?.sameAs],
        ['4755', 1000, 3_000_000, 'also-kept'],
      );
      assert.deepEqual([tree.get('null')?.device, tree.get('pipe')?.type], ['1:3', 'fifo']);
      assert.deepEqual([tree.get('.')?.mode, tree.get('.')?.uid], ['750', 7]);
      const names = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).split('\n');
      assert.equal(new Set(names).size, names.length);
    });

    test('a docker-archive names its image for docker load', async t => {
      const archive = join(scratch(t), 'docker.tar');
      const reference = `${registry.host}/demo/tricky:zstd`;
      await save(await fromRegistry(reference), 'docker-archive', archive);
      const manifest = execFileSync('tar', ['-xOf', archive, 'manifest.json'], { encoding: 'utf8' });
      const [only] = JSON.parse(manifest) as Record<string, unknown>[];
      assert.deepEqual(only?.['RepoTags'], [reference]);
      const config = execFileSync('tar', ['-xOf', archive, String(only?.['Config'])]);
      assert.equal(`${sha256(config).slice('sha256:'.length)}.json`, only?.['Config']);
      const { rootfs } = parseJson(config);
      assert.ok(isJson(rootfs));
      const layers = only?.['Layers'] as string[];
      assert.deepEqual(
        layers.map(name => sha256(execFileSync('tar', ['-xOf', archive, name]))),
        rootfs['diff_ids'],
      );
    });

    test('keeps an existing target unless it may be replaced', async t => {
      const place = scratch(t);
      const stored = await fromRegistry(`${registry.host}/demo/tricky:oci`);
      const target = join(place, 'taken.tar');
      writeFileSync(target, 'mine');
      await assert.rejects(save(stored, 'rootfs-tar', target), FolderTakenError);
      await assert.rejects(save(stored, 'oci-layout', place), FolderTakenError);
      await assert.rejects(save(stored, 'oci-archive', place), FolderTakenError);
      assert.equal(readFileSync(target, 'utf8'), 'mine');
      const replaced = { format: 'rootfs-tar', path: target, limits, script, replace: true } as const;
      await exportImage(stored.image, stored.files, replaced, watch);
      assert.ok(readFileSync(target).length > 10_240);
      assert.deepEqual(readdirSync(place), ['taken.tar']);
    });

    test('refuses a changed blob in every form, and leaves nothing after a cancellation', async t => {
      const place = scratch(t);
      const stored = await fromRegistry(`${registry.host}/demo/tricky:oci`);
      const bad = join(place, 'blob');
      const bytes = readFileSync(stored.files[0]!.blob);
      // In the gzip header's time: the content stays readable, only the digest changes.
      bytes[4] = bytes[4]! ^ 1;
      writeFileSync(bad, bytes);
      const files = [{ ...stored.files[0]!, blob: bad }, stored.files[1]!];
      for (const format of ['oci-layout', 'oci-archive', 'docker-archive', 'rootfs-tar'] as const) {
        await assert.rejects(save({ ...stored, files }, format, join(place, format)), StoredBlobError, format);
        await assert.rejects(
          exportImage(
            stored.image,
            stored.files,
            { format, path: join(place, format), limits, script },
            { ...watch, signal: AbortSignal.abort() },
          ),
          { name: 'AbortError' },
        );
      }
      assert.deepEqual(readdirSync(place), ['blob']);
    });

    test('names the missing part of a pulled layout, and a pull restores it', async t => {
      const place = scratch(t);
      const reference = `${registry.host}/demo/tricky:oci`;
      const { folder } = await pulling.pull(reference, 'lossy');
      const pulled = await readImageFolder(folder);
      const { image: resolved, files } = await openPulledImage(pulled, signal);
      const manifest = join(folder, 'blobs/sha256', resolved.manifestDigest.slice(7));
      const damages: [RegExp, () => void][] = [
        [/has no index\.json/, () => rmSync(join(folder, 'index.json'))],
        [/blob sha256:[0-9a-f]+ is missing/, () => rmSync(manifest)],
        [/doesn't match its digest|should have/, () => (rmSync(manifest), writeFileSync(manifest, '{}'))],
      ];
      for (const [said, damage] of damages) {
        damage();
        await assert.rejects(openPulledImage(pulled, signal), error => {
          assert.ok(error instanceof DamagedLayoutError, String(error));
          assert.match(error.message, said);
          assert.ok(error.message.includes(`Pull ${reference} again`), error.message);
          return true;
        });
        await pulling.pull(reference, 'lossy');
        await openPulledImage(pulled, signal);
      }
      rmSync(files[0]!.blob);
      const stored = await openPulledImage(pulled, signal);
      await assert.rejects(
        save(stored, 'oci-archive', join(place, 'archive')),
        error => error instanceof StoredBlobError && error.layer === 1 && error.path === files[0]!.blob,
      );
      assert.deepEqual(readdirSync(place), []);
    });

    test('exports a real Debian as umoci unpacks it, from every compression', { skip: requireRealImage() }, async t => {
      const place = scratch(t);
      const real = await realImage();
      putRealImage(registry.store, 'real/debian', real);
      const truth = readTree(await unpackTruth(real, join(place, 'truth')));
      assert.ok(truth.size > 5000);
      for (const form of ['gzip', 'chunked']) {
        const stored = await fromRegistry(`${registry.host}/real/debian:${form}`);
        const archive = join(place, `${form}.tar`);
        assert.deepEqual(await save(stored, 'rootfs-tar', archive), []);
        assert.deepEqual(differences(untar(archive, join(place, form)), truth), []);
        execFileSync('rm', ['-rf', archive, join(place, form)]);
      }
      assert.ok(!existsSync(join(place, 'gzip')));
    });
  },
);
