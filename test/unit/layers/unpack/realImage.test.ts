import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { before, suite } from 'node:test';
import { fsPath } from '../../../../src/layers/tar/byteName.ts';
import { fixAcrossLayers } from '../../../../src/layers/unpack/fixAcrossLayers.ts';
import { mergeLayers } from '../../../../src/layers/unpack/merge.ts';
import { readSidecar } from '../../../../src/layers/unpack/sidecar.ts';
import type { Unpacked } from '../../../../src/layers/unpack/tarUnpacker.ts';
import { LayerUnpacker } from '../../../../src/layers/unpack/unpack.ts';
import type { BlobSource, Sink } from '../../../../src/oci/byteSource.ts';
import { parseDigest } from '../../../../src/oci/digest.ts';
import type { Layer } from '../../../../src/oci/layer.ts';
import { isJson, parseJson } from '../../../support/json.ts';
import {
  REAL_FORMS,
  type RealForm,
  type RealImage,
  realImage,
  requireRealImage,
  unpackTruth,
} from '../../../support/realImage.ts';
import { firstOf, requireTool } from '../../../support/tools.ts';
import { compareTrees, type EntryFacts, readTree, type Tree } from '../../../support/tree.ts';
import { asUser, LIMITS, scratch } from '../unpacking.ts';

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The layers of a form, with the diff IDs of its config. */
function layersOf(image: RealImage, form: RealForm): Layer[] {
  const { config, layers } = parseJson(image.manifest(form).bytes);
  assert.ok(isJson(config));
  const { rootfs } = parseJson(readFileSync(image.blobFile(parseDigest(config.digest))));
  assert.ok(isJson(rootfs));
  const diffIds = list(rootfs.diff_ids).map(parseDigest);
  return list(layers)
    .filter(isJson)
    .map((layer, index) => ({
      number: index + 1,
      descriptor: { mediaType: String(layer.mediaType), digest: parseDigest(layer.digest), size: Number(layer.size) },
      diffId: diffIds[index] ?? assert.fail(),
    }));
}

function pour(file: string, sink: Sink): void {
  const buffer = Buffer.alloc(1 << 20);
  const fd = openSync(file, 'r');
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer))
      sink.write(buffer.subarray(0, count));
  } finally {
    closeSync(fd);
  }
}

function sourceOf(image: RealImage): BlobSource {
  return {
    read: async ({ digest }, from, sink) => {
      assert.equal(from, 0);
      pour(image.blobFile(digest), sink);
    },
    readRange: async () => undefined,
  };
}

function unpackAll(image: RealImage, form: RealForm, place: string): { folders: string[]; results: Unpacked[] } {
  const layers = layersOf(image, form);
  const folders = layers.map(({ number }) => join(place, String(number)));
  const results = layers.map(({ descriptor, diffId }, index) => {
    const folder = folders[index] ?? assert.fail();
    const unpacker = new LayerUnpacker({ folder, sidecar: `${folder}.json`, limits: LIMITS });
    pour(image.blobFile(descriptor.digest), unpacker);
    const result = unpacker.end();
    assert.equal(result.diffId, diffId);
    return result;
  });
  assert.deepEqual(fixAcrossLayers(folders.map(folder => ({ folder, sidecar: `${folder}.json` }))), []);
  return { folders, results };
}

/**
 * Makes on disk what the sidecar says, as the mount does when it restores owners; but plainly, for
 * nobody is at work here but the test.
 */
function restore(folder: string): void {
  const times = new Map<string, Stats>();
  for (const { path, uid, gid, mode, type, devMajor, devMinor, xattrs = {} } of readSidecar(`${folder}.json`).entries) {
    const file = path === '' ? folder : `${folder}/${path}`;
    if (type === 'char' || type === 'block') {
      times.set(dirname(file), times.get(dirname(file)) ?? statSync(dirname(file)));
      rmSync(file, { force: true });
      execFileSync('mknod', [file, type === 'char' ? 'c' : 'b', String(devMajor), String(devMinor)]);
    }
    lchownSync(fsPath(file), uid, gid);
    if (type !== 'symlink') chmodSync(fsPath(file), mode);
    for (const [name, value] of Object.entries(xattrs))
      execFileSync('setfattr', ['-h', '-n', name, '-v', `0s${value}`, file]);
  }
  for (const [directory, { atime, mtime }] of times) utimesSync(directory, atime, mtime);
}

/** What an overlay of these folders shows. Read within a mount namespace of its own. */
function mounted(folders: readonly string[], place: string): Tree {
  const target = join(place, 'mount');
  mkdirSync(target);
  const tree = join(import.meta.dirname, '../../../support/tree.ts');
  const read = `const { readTree } = await import(${JSON.stringify(tree)}); process.stdout.write(JSON.stringify([...readTree(process.argv[1])]));`;
  const script =
    'mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2" && exec "$3" --input-type=module -e "$4" "$2"';
  const output = execFileSync(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-ec',
      script,
      'sh',
      folders.toReversed().join(':'),
      target,
      process.execPath,
      read,
    ],
    { maxBuffer: 1 << 28, encoding: 'utf8' },
  );
  return new Map(JSON.parse(output) as [string, EntryFacts][]);
}

/** The differences to what umoci makes of the image, without those that are known. */
function differences(ours: Tree, truth: Tree): string[] {
  return compareTrees(ours, truth, (path, fact) => {
    const [one, other] = [ours.get(path), truth.get(path)];
    // Node hands times to the kernel as floating numbers: they differ by less than a microsecond.
    if (fact === 'mtime') {
      // Devices are made by the test itself, at another time. The root directory is described by no
      // layer of this image.
      const undated = path === '.' || one?.device !== undefined;
      return undated || Math.abs((one?.mtime ?? 0) - (other?.mtime ?? 0)) < 1e-6;
    }
    // Nor its owner: a mount shows the upper directory's, which is the mount's own affair.
    if (path === '.' && (fact === 'uid' || fact === 'gid')) return true;
    return fact === 'xattrs' && JSON.stringify(own(one)) === JSON.stringify(own(other));
  });
}

/**
 * Attributes without the mark of an opaque directory, which a merged view need not show, and
 * umoci's own notes.
 */
function own(facts: EntryFacts | undefined): Record<string, string> {
  const { xattrs = {} } = facts ?? {};
  return Object.fromEntries(
    Object.entries(xattrs).filter(([name]) => !/^(user\.overlay|trusted\.overlay|user\.rootlesscontainers)/.test(name)),
  );
}

suite(
  'a real image',
  { skip: firstOf(requireRealImage(), requireTool('setfattr', 'getfattr', 'mount')), timeout: 1_800_000 },
  () => {
    let image: RealImage;
    let truth: Tree;
    before(async () => {
      image = await realImage();
      const bundle = mkdtempSync(join(tmpdir(), 'peel-truth-'));
      try {
        truth = readTree(await unpackTruth(image, join(bundle, 'bundle')));
      } finally {
        rmSync(bundle, { recursive: true, force: true });
      }
    });

    test('is, file for file, what umoci makes of it: layer by layer under an overlay', t => {
      const place = scratch(t);
      assert.ok(truth.size > 5000);
      const { folders, results } = unpackAll(image, 'gzip', place);
      assert.deepEqual(
        results.flatMap(({ warnings }) => warnings),
        [],
      );
      for (const folder of folders) restore(folder);
      assert.deepEqual(differences(mounted(folders, place), truth), []);
      assert.ok(
        statSync(join(folders[3] ?? '', 'odd/sparse')).blocks * 512 < 16 << 20,
        'the sparse file takes little room',
      );
    });

    test('is the same when it is merged into one folder', async t => {
      const place = scratch(t);
      const folder = join(place, 'merged');
      const options = { folder, sidecar: `${folder}.json`, limits: LIMITS };
      const warnings = await mergeLayers(
        sourceOf(image),
        layersOf(image, 'docker'),
        options,
        AbortSignal.timeout(600_000),
      );
      assert.deepEqual(warnings, []);
      restore(folder);
      assert.deepEqual(differences(readTree(folder), truth), []);
    });

    test('is the same when a normal user unpacked it and the sidecars are applied', t => {
      const place = scratch(t);
      const layers = join(place, 'layers');
      mkdirSync(layers);
      execFileSync('chmod', ['711', place]);
      execFileSync('chown', ['61234:61234', layers]);
      const { folders } = asUser(() => unpackAll(image, 'zstd', layers));
      for (const folder of folders) restore(folder);
      assert.deepEqual(differences(mounted(folders, place), truth), []);
    });

    test('has the same layers in every form', t => {
      const trees = new Map<RealForm, string>();
      for (const form of REAL_FORMS.filter(name => name !== 'gzip' && name !== 'zstd')) {
        const place = scratch(t);
        const { folders, results } = unpackAll(image, form, place);
        assert.ok(
          results.every(
            ({ compression }) => compression === { chunked: 'zstd', plain: 'none', docker: 'gzip' }[form as string],
          ),
        );
        trees.set(
          form,
          JSON.stringify(folders.slice(2).map(folder => [...readTree(folder)].filter(([path]) => path !== '.'))),
        );
      }
      assert.equal(trees.get('chunked'), trees.get('docker'));
      assert.equal(trees.get('plain'), trees.get('docker'));
    });
  },
);
