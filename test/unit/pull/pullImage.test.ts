import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DigestMismatchError } from '../../../src/oci/mismatchErrors.ts';
import { PlatformNotFoundError } from '../../../src/oci/choosePlatform.ts';
import { DamagedFolderError, NoImageFolderError } from '../../../src/pull/folderErrors.ts';
import {
  FolderBusyError,
  FolderTakenError,
  listDamagedFolders,
  listImageFolders,
  readImageFolder,
} from '../../../src/pull/imageFolder.ts';
import { DiffIdMismatchError } from '../../../src/workers/layerErrors.ts';
import { NotAnImageError } from '../../../src/resolve/resolveImage.ts';
import { artifact, image, index, layer, type BuiltLayer } from '../../support/image.ts';
import { corrupt, noRanges, pauseAt, resetAfter, shorten } from '../../support/registry/faults.ts';
import type { LoggedRequest } from '../../support/listen.ts';
import { sha256 } from '../../support/registry/store.ts';
import { directory, file, symlink, whiteout } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

const noise = (size: number, seed: number) =>
  Buffer.from(
    Uint32Array.from({ length: size / 4 }, (_, at) => Math.imul(at + seed, 2654435761) ^ Math.imul(at * seed, 40503))
      .buffer,
  );
const base = layer(
  [directory('etc/'), file('etc/motd', 'hello\n'), file('big', noise(300_000, 1)), symlink('link', 'etc')],
  { createdBy: 'ADD base' },
);
const second = layer([file('more', noise(200_000, 2)), whiteout('etc/motd')], {
  createdBy: 'RUN make',
  compression: 'zstd',
});
const third = layer([file('etc/last', 'last\n')], { createdBy: 'COPY last', compression: 'none' });

/** For umoci, which can't read zstd. */
const gzipped = layer([whiteout('etc/motd')], { createdBy: 'RUN rm' });

const whole = image({ layers: [base, second, third], format: 'oci' });

const { registry, pulling } = await setUpPulling();
const put = (tag: string, layers: readonly BuiltLayer[], format: 'oci' | 'docker' | 'schema1') =>
  registry.store.put('app', image({ layers, format }), tag);
put('oci', [base, second, third], 'oci');
put('docker', [base, gzipped, third], 'docker');
put('v1', [base, third], 'schema1');
put('twice', [base, third, base], 'oci');
put('next', [base, second, third, layer([file('new', 'new')])], 'oci');
beforeEach(() => {
  registry.requests.length = 0;
});

const blobRequests = () =>
  registry.requests.filter(request => request.method === 'GET' && request.path.includes('/blobs/'));
const reference = (tag: string) => `${registry.host}/app:${tag}`;

test('pulls an image into the documented folder', async () => {
  const seen: number[] = [];
  const pulled = await pulling.pull(reference('oci'), 'app', {
    report: transfer => seen.push(transfer.layersDone),
  });
  const { folder } = pulled;
  assert.deepEqual(readdirSync(folder).sort(), [
    'blobs',
    'index.json',
    'layers',
    'merged',
    'oci-layout',
    'overlay',
    'peel.json',
  ]);
  assert.deepEqual(
    readdirSync(join(folder, 'layers')).filter(name => !name.endsWith('.json')),
    ['1', '2', '3'],
  );
  assert.equal(readFileSync(join(folder, 'layers/1/etc/motd'), 'utf8'), 'hello\n');
  assert.ok(lstatSync(join(folder, 'layers/1/link')).isSymbolicLink());
  assert.ok(lstatSync(join(folder, 'layers/2/etc/motd')).isCharacterDevice(), 'the whiteout as overlayfs wants it');
  assert.deepEqual(
    pulled.layers.map(({ digest, diffId, size, path }) => ({ digest, diffId, size, path })),
    [base, second, third].map(({ digest, diffId, blob }, at) => ({
      digest,
      diffId,
      size: blob.length,
      path: join(folder, `layers/${at + 1}`),
    })),
  );
  const described = await readImageFolder(folder);
  assert.deepEqual(
    [described.complete, described.platform, described.layers.map(one => one.createdBy)],
    [true, 'linux/amd64', ['ADD base', 'RUN make', 'COPY last']],
  );
  assert.deepEqual(
    (await listImageFolders(pulling.folder('.'))).map(one => one.folder),
    [folder],
  );
  assert.equal(seen.at(-1), 3);
});

test('asks for one manifest in a second pull, and only for new layers of another image', async () => {
  await pulling.pull(reference('oci'), 'app');
  assert.equal(blobRequests().length, 4, 'three layers and the config');
  registry.requests.length = 0;
  await pulling.pull(reference('oci'), 'app');
  assert.deepEqual(
    registry.requests.map(request => request.path),
    ['/v2/app/manifests/oci'],
  );
  registry.requests.length = 0;
  await pulling.pull(reference('next'), 'next');
  assert.equal(blobRequests().length, 2, 'the config and the new layer');
});

for (const [tag, layers] of [
  ['docker', 3],
  ['v1', 2],
  ['twice', 3],
] as const) {
  test(
    `${tag}: skopeo and umoci read the folder as an OCI layout`,
    { skip: requireTool('skopeo', 'umoci') },
    async () => {
      const { folder } = await pulling.pull(reference(tag), tag);
      const inspected = JSON.parse(
        execFileSync('skopeo', ['inspect', `oci:${folder}:${tag}`], { encoding: 'utf8' }),
      ) as { Layers: string[] };
      assert.equal(inspected.Layers.length, layers);
      const bundle = join(pulling.root, 'bundle');
      execFileSync('umoci', ['unpack', '--image', `${folder}:${tag}`, bundle], { stdio: 'pipe' });
      assert.equal(readFileSync(join(bundle, 'rootfs/etc/last'), 'utf8'), 'last\n');
    },
  );
}

test('pulls a platform of an index, and says which there are if it is missing', async () => {
  const arm = image({ layers: [third], platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
  const amd = image({ layers: [base], platform: { os: 'linux', architecture: 'amd64' } });
  registry.store.put('app', index([arm, amd]), 'multi');
  const pulled = await pulling.pull(reference('multi'), 'arm', { platform: 'linux/aarch64' });
  assert.deepEqual(
    pulled.layers.map(one => one.digest),
    [third.digest],
  );
  await assert.rejects(
    pulling.pull(reference('multi'), 'x', { platform: 'linux/s390x' }),
    (error: unknown) => error instanceof PlatformNotFoundError && /linux\/amd64/.test(error.message),
  );
  await assert.rejects(
    pulling.pull(reference('oci'), 'x', { platform: 'linux/arm64' }),
    PlatformNotFoundError,
    'does not take a single image for another platform',
  );
  registry.store.put('app', artifact({ artifactType: 'application/x-chart', files: [] }), 'chart');
  await assert.rejects(pulling.pull(reference('chart'), 'x'), NotAnImageError);
  assert.ok(!existsSync(pulling.folder('x')));
});

describe('an interrupted pull', () => {
  /** Waits until the pull has written some of what the server sent. */
  const someBytes = async () => {
    const partial = `${pulling.layerWork.store.path(base.digest)}.partial`;
    while (!(statSync(partial, { throwIfNoEntry: false })?.size ?? 0)) await setTimeout(5);
  };

  test('resumes with the bytes that are there', async () => {
    const cancel = new AbortController();
    // The rest must not arrive before the cancellation.
    const left = Promise.withResolvers<void>();
    const fault = registry.fault(
      { path: new RegExp(base.digest), times: 1 },
      pauseAt(200_000, async () => {
        await someBytes();
        cancel.abort(new Error('cancelled by the test'));
        await left.promise;
      }),
    );
    await assert.rejects(pulling.pull(reference('oci'), 'app', { signal: cancel.signal }), /cancelled by the test/);
    left.resolve();
    assert.equal(fault.hits, 1);
    assert.deepEqual((await readImageFolder(pulling.folder('app'))).complete, false);
    registry.requests.length = 0;
    await pulling.pull(reference('oci'), 'app');
    const again = blobRequests().find(request => request.path.includes(base.digest));
    assert.match(String(again?.headers.range), /^bytes=[1-9]\d*-$/);
    assert.equal(readFileSync(join(pulling.folder('app'), 'layers/1/big')).compare(noise(300_000, 1)), 0);
  });

  test('starts again if the registry supports no ranges', async () => {
    const cancel = new AbortController();
    const left = Promise.withResolvers<void>();
    registry.fault(
      { path: new RegExp(base.digest), times: 1 },
      pauseAt(150_000, async () => {
        await someBytes();
        cancel.abort();
        await left.promise;
      }),
    );
    await assert.rejects(pulling.pull(reference('oci'), 'app', { signal: cancel.signal }), { name: 'AbortError' });
    left.resolve();
    registry.fault({ path: /blobs/, times: 20 }, noRanges());
    await pulling.pull(reference('oci'), 'app');
    assert.equal(readFileSync(join(pulling.folder('app'), 'layers/1/big')).compare(noise(300_000, 1)), 0);
    registry.faults.clear();
  });

  test('retries after connection resets', async () => {
    for (const at of [0, 1, 1000, 100_000])
      registry.fault({ path: new RegExp(`blobs/${base.digest}`), times: 1 }, resetAfter(at));
    await pulling.pull(reference('oci'), 'app');
    registry.faults.clear();
  });
});

describe('wrong content', () => {
  afterEach(() => registry.faults.clear());

  test('is downloaded again once, then refused, with nothing under a final name', async () => {
    registry.fault({ path: new RegExp(`blobs/${base.digest}`), times: 1 }, corrupt());
    await pulling.pull(reference('oci'), 'once');
    await pulling.layerWork.store.clear();
    registry.fault({ path: new RegExp(`blobs/${second.digest}`) }, corrupt());
    await assert.rejects(pulling.pull(reference('oci'), 'always'), DigestMismatchError);
    assert.ok(!existsSync(join(pulling.folder('always'), 'layers/2')));
    assert.ok(!existsSync(join(pulling.folder('always'), 'layers/2.partial')));
    assert.ok(!existsSync(pulling.layerWork.store.path(second.digest)));
  });

  test('refuses a blob that ends too early', async () => {
    registry.fault({ path: new RegExp(`blobs/${base.digest}`) }, shorten(1000));
    await assert.rejects(pulling.pull(reference('oci'), 'short'));
    assert.ok(!existsSync(pulling.layerWork.store.path(base.digest)));
  });

  test('refuses a layer whose diff ID differs from the config', async () => {
    const lying = { ...base, diffId: third.diffId };
    registry.store.put('app', image({ layers: [lying] }), 'lying');
    await assert.rejects(pulling.pull(reference('lying'), 'lying'), DiffIdMismatchError);
    assert.ok(!existsSync(join(pulling.folder('lying'), 'layers/1')));
  });

  test('refuses a compressed layer whose digest is given as diff ID', async () => {
    registry.store.put('app', image({ layers: [{ ...base, diffId: base.digest }] }), 'own');
    await assert.rejects(pulling.pull(reference('own'), 'own'), DiffIdMismatchError);
    assert.ok(!existsSync(join(pulling.folder('own'), 'layers/1')));
  });

  test('refuses an uncompressed layer whose diff ID differs', async () => {
    registry.store.put('app', image({ layers: [{ ...third, diffId: base.diffId }] }), 'plain');
    await assert.rejects(pulling.pull(reference('plain'), 'plain'), DiffIdMismatchError);
    assert.ok(!existsSync(join(pulling.folder('plain'), 'layers/1')));
  });

  test('refuses a wrong byte in an uncompressed layer', async () => {
    registry.fault({ path: new RegExp(`blobs/${third.digest}`) }, corrupt(600));
    await assert.rejects(pulling.pull(reference('oci'), 'wrong'), DigestMismatchError);
    assert.ok(!existsSync(join(pulling.folder('wrong'), 'layers/3')));
  });

  test('downloads a changed blob of the store again', async () => {
    await pulling.pull(reference('oci'), 'first');
    const path = pulling.layerWork.store.path(base.digest);
    execFileSync('chmod', ['u+w', path]);
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await pulling.pull(reference('oci'), 'second');
    assert.equal(readFileSync(path).compare(base.blob), 0);
  });
});

test('restores a layer that was removed from a complete folder', async () => {
  const { folder } = await pulling.pull(reference('oci'), 'app');
  rmSync(join(folder, 'layers/1'), { recursive: true });
  await pulling.pull(reference('oci'), 'app');
  assert.equal(readFileSync(join(folder, 'layers/1/etc/motd'), 'utf8'), 'hello\n');
  assert.equal((await readImageFolder(folder)).complete, true);
});

test('restores whatever a complete folder has lost, and downloads nothing else', async () => {
  const { folder } = await pulling.pull(reference('oci'), 'app');
  const blob = join(folder, 'blobs/sha256', second.digest.slice(7));
  const sidecar = join(folder, 'layers/1.json');
  const config = join(folder, 'blobs/sha256', sha256(whole.config).slice(7));
  const damages: [string, () => void][] = [
    ['a missing blob', () => rmSync(blob)],
    ['a blob that is cut short', () => (rmSync(blob), writeFileSync(blob, 'x'))],
    ['a damaged sidecar', () => writeFileSync(sidecar, 'not JSON')],
    ['a damaged config', () => (rmSync(config), writeFileSync(config, '{}'))],
    ['a damaged index', () => writeFileSync(join(folder, 'index.json'), '{')],
    ['no layout', () => rmSync(join(folder, 'oci-layout'))],
  ];
  await pulling.layerWork.store.clear();
  for (const [what, damage] of damages) {
    damage();
    registry.requests.length = 0;
    await pulling.pull(reference('oci'), 'app');
    assert.equal(readFileSync(blob).compare(second.blob), 0, what);
    assert.equal(readFileSync(config).compare(whole.config), 0, what);
    for (const name of ['layers/1.json', 'index.json', 'oci-layout'])
      assert.doesNotThrow(() => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown, `${what}: ${name}`);
    assert.equal((await readImageFolder(folder)).complete, true, what);
    const layers = blobRequests().filter(({ path }) => !path.includes(sha256(whole.config)));
    assert.ok(layers.length <= 1, `${what}: ${layers.map(({ path }) => path).join()}`);
  }
});

describe('an existing target', () => {
  test('is refused if it is a folder of other files, a file, a link, or another image', async () => {
    mkdirSync(pulling.folder('mine'), { recursive: true });
    writeFileSync(join(pulling.folder('mine'), 'thesis.txt'), 'years of work');
    await assert.rejects(pulling.pull(reference('oci'), 'mine'), FolderTakenError);
    assert.deepEqual(readdirSync(pulling.folder('mine')), ['thesis.txt']);
    writeFileSync(pulling.folder('file'), 'a file');
    await assert.rejects(pulling.pull(reference('oci'), 'file'), FolderTakenError);
    symlinkSync(pulling.folder('mine'), pulling.folder('link'));
    await assert.rejects(pulling.pull(reference('oci'), 'link'), FolderTakenError);
    await pulling.pull(reference('oci'), 'app');
    await assert.rejects(
      pulling.pull(reference('next'), 'app'),
      (error: unknown) => error instanceof FolderTakenError && error.holds?.reference === reference('oci'),
    );
    assert.equal((await readImageFolder(pulling.folder('app'))).complete, true);
  });

  test('is recognised as a pulled folder if only its description is damaged', async () => {
    const { folder } = await pulling.pull(reference('oci'), 'app');
    const description = join(folder, 'peel.json');
    for (const text of ['', '{"version":1,"diges', '[]', '{"version":1}', '{"version":1,"digest":"sha256:x"}']) {
      writeFileSync(description, text);
      await assert.rejects(readImageFolder(folder), DamagedFolderError, text);
      await assert.rejects(
        pulling.pull(reference('oci'), 'app'),
        (error: unknown) => error instanceof FolderTakenError && error.cause instanceof DamagedFolderError,
        text,
      );
      assert.equal(readFileSync(description, 'utf8'), text);
      assert.ok(existsSync(join(folder, 'layers/1/etc/motd')));
    }
    assert.deepEqual(await listImageFolders(pulling.folder('.')), []);
    assert.deepEqual(await listDamagedFolders(pulling.folder('.')), [folder]);
    writeFileSync(description, '{"version":2,"what":"is to come"}');
    await assert.rejects(readImageFolder(folder), NoImageFolderError, 'of a later Peel, which knows it');
    const others = pulling.folder('others');
    mkdirSync(join(others, 'layers'), { recursive: true });
    writeFileSync(join(others, 'peel.json'), '{"fruit":"orange"}');
    await assert.rejects(readImageFolder(others), NoImageFolderError);
    assert.deepEqual(await listDamagedFolders(pulling.folder('.')), []);
  });

  test('does not lead an interrupted pull out of it by a link', async () => {
    const cancel = new AbortController();
    cancel.abort(new Error('at once'));
    await assert.rejects(pulling.pull(reference('oci'), 'app', { signal: cancel.signal }), /at once/);
    const victim = join(pulling.root, 'victim');
    mkdirSync(victim);
    execFileSync('rm', ['-rf', join(pulling.folder('app'), 'layers')]);
    symlinkSync(victim, join(pulling.folder('app'), 'layers'));
    await assert.rejects(pulling.pull(reference('oci'), 'app'), FolderTakenError);
    assert.deepEqual(readdirSync(victim), []);
  });
});

test('two concurrent pulls of an image download each blob once, and never write one folder', async () => {
  const [first, secondTry] = await Promise.allSettled([
    pulling.pull(reference('oci'), 'a'),
    pulling.pull(reference('oci'), 'b'),
  ]);
  assert.deepEqual([first.status, secondTry.status], ['fulfilled', 'fulfilled']);
  for (const { digest } of [base, second, third])
    assert.equal(blobRequests().filter(request => request.path.includes(digest)).length, 1);
  const same = await Promise.allSettled([
    pulling.pull(reference('docker'), 'c'),
    pulling.pull(reference('docker'), 'c'),
  ]);
  assert.deepEqual(same.map(one => one.status).sort(), ['fulfilled', 'rejected']);
  for (const one of same) if (one.status === 'rejected') assert.ok(one.reason instanceof FolderBusyError);
  assert.equal((await readImageFolder(pulling.folder('c'))).complete, true);
});

describe('over a slow link', () => {
  const many = Array.from({ length: 12 }, (_, at) => layer([file(`file-${at}`, noise(50_000, at + 10))]));
  put('many', many, 'oci');
  const large = layer([file('large', noise(20 << 20, 5))], { compression: 'none' });
  put('large', [base, large], 'oci');

  test('more layers are downloaded at once than there are threads, at most eight', async () => {
    const asked = new Set<string>();
    const most = Promise.withResolvers<void>();
    // Nothing arrives before eight have been asked for.
    registry.fault(
      { path: '/blobs/', when: ({ path }) => many.some(({ digest }) => path.includes(digest)) },
      async (reply, { path }) => {
        asked.add(path);
        if (asked.size >= 8) {
          // A ninth request would be here soon.
          await setTimeout(50);
          if (asked.size === 8) most.resolve();
        }
        await most.promise;
        return reply;
      },
    );
    const { folder, layers } = await pulling.pull(`${registry.host}/app:many`, 'many');
    assert.equal(layers.length, many.length);
    for (const at of many.keys()) assert.ok(existsSync(join(folder, `layers/${at + 1}/file-${at}`)));
  });

  test('a large layer comes over several connections; wrong bytes in one range are asked for again', async () => {
    const waits = Promise.withResolvers<void>();
    const path = new RegExp(large.digest);
    const isRange = ({ headers }: Pick<LoggedRequest, 'headers'>) => headers.range !== undefined;
    registry.fault({ path, when: request => isRange(request), times: 1 }, corrupt());
    // The one connection waits until others have brought some.
    registry.fault(
      { path, when: request => !isRange(request), times: 1 },
      pauseAt(1 << 20, () => waits.promise),
    );
    registry.fault({ path, when: request => isRange(request), after: 2, times: 1 }, reply => {
      waits.resolve();
      return reply;
    });
    registry.requests.length = 0;
    const { folder } = await pulling.pull(`${registry.host}/app:large`, 'large');
    assert.equal(readFileSync(join(folder, 'layers/2/large')).compare(noise(20 << 20, 5)), 0);
    const requests = registry.requests.filter(request => path.test(request.path));
    assert.ok(requests.filter(isRange).length >= 3);
    assert.ok(!isRange(requests.at(-1) ?? { headers: {} }), 'the second attempt uses one connection');
  });
});
