import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test, after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Verifier } from '../../../src/blobs/verifier.ts';
import type { ResolvedImage } from '../../../src/oci/image.ts';
import { DigestMismatchError, MismatchError } from '../../../src/oci/mismatchErrors.ts';
import { InvalidLocalImageError, NoSuchImageError } from '../../../src/layout/layoutFiles.ts';
import { openLocal } from '../../../src/layout/openLocal.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { resolveImage } from '../../../src/resolve/resolveImage.ts';
import { image, index, layer } from '../../support/image.ts';
import { writeLayout } from '../../support/layout.ts';
import { type Content, sha256 } from '../../support/registry/store.ts';
import { run } from '../../support/run.ts';
import { tempFolder } from '../../support/servers/process.ts';
import { directory, file, hardlink, symlink, tar } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

const signal = new AbortController().signal;
const reference = parseReference('image.localhost/it:latest');

const base = layer([directory('etc/'), file('etc/hello', 'hello')], { createdBy: 'base' });
const top = layer([file('etc/more', 'more')], { createdBy: 'top' });
const built = image({ layers: [base, top] });

let place: ReturnType<typeof tempFolder>;
before(() => {
  place = tempFolder('local');
});
after(() => place.remove());

const at = (name: string): string => join(place.path, name);

/** Reads and verifies every layer of the image under a tag. Returns their digests. */
async function layersOf(path: string, tag = 'latest'): Promise<string[]> {
  const source = await openLocal(path, signal);
  const { layers } = await resolveImage(source, { ...reference, tag }, undefined, signal);
  const read: string[] = [];
  for (const { descriptor } of layers) {
    const verifier = new Verifier(descriptor.digest, descriptor.size);
    const chunks: Buffer[] = [];
    const write = (chunk: Uint8Array): void => {
      verifier.write(chunk);
      chunks.push(Buffer.from(chunk));
    };
    await source.read(descriptor, 0, { write }, signal);
    verifier.end();
    const whole = Buffer.concat(chunks);
    assert.deepEqual(Buffer.from(await source.readRange(descriptor, 2, 9, signal)), whole.subarray(2, 9));
    read.push(sha256(whole));
  }
  return read;
}

test('reads an OCI layout as a folder and as an archive, with every tag', async () => {
  writeLayout(at('layout'), built, 'v1');
  execFileSync('tar', ['-cf', at('layout.tar'), '-C', at('layout'), '.']);
  for (const name of ['layout', 'layout.tar']) {
    const source = await openLocal(at(name), signal);
    assert.deepEqual([...(await source.tags()).keys()], ['v1']);
    assert.deepEqual(await layersOf(at(name), 'v1'), [base.digest, top.digest]);
    await assert.rejects(source.manifest('', 'v2', signal), NoSuchImageError);
  }
});

test('finds a platform through the index, and numbers images without names', async () => {
  const arm = image({ layers: [base], platform: { os: 'linux', architecture: 'arm64' } });
  writeLayout(at('multi'), index([built, arm]), 'docker.io/library/many:2.0');
  const source = await openLocal(at('multi'), signal);
  assert.deepEqual([...(await source.tags()).keys()], ['2.0']);
  const found = await resolveImage(source, { ...reference, tag: '2.0' }, 'linux/arm64', signal);
  assert.equal(found.layers.length, 1);
  const twice = JSON.parse(readFileSync(join(at('multi'), 'index.json'), 'utf8')) as { manifests: object[] };
  const [{ annotations: _none, ...bare }] = twice.manifests as [Record<string, unknown>];
  writeFileSync(join(at('multi'), 'index.json'), JSON.stringify({ ...twice, manifests: [bare, bare] }));
  assert.deepEqual([...(await (await openLocal(at('multi'), signal)).tags()).keys()], ['latest', 'image-2']);
});

/** Writes an archive like `docker save`. */
function dockerArchive(name: string, layers: readonly Buffer[]): string {
  const config = `${sha256(built.config).slice(7)}.json`;
  const names = layers.map((_, number) => `${number}/layer.tar`);
  const manifest = [{ Config: config, RepoTags: ['demo/it:latest', 'demo/it:1'], Layers: names }];
  const archive = tar(
    ...layers.map((bytes, number) => file(`${number}/layer.tar`, bytes)),
    file(config, built.config),
    file('manifest.json', JSON.stringify(manifest)),
  );
  writeFileSync(at(name), archive);
  return at(name);
}

test('reads an archive of docker save with compressed and uncompressed layers', async () => {
  const plain = dockerArchive('plain.tar', [base.tar, top.tar]);
  assert.deepEqual([...(await (await openLocal(plain, signal)).tags()).keys()], ['latest', '1']);
  assert.deepEqual(await layersOf(plain), [base.diffId, top.diffId]);
  const mixed = dockerArchive('mixed.tar', [base.blob, top.tar]);
  assert.deepEqual(await layersOf(mixed, '1'), [base.digest, top.diffId]);
});

test('follows the links between layers of old archives by name alone', async () => {
  const config = `${sha256(built.config).slice(7)}.json`;
  const manifest = JSON.stringify([{ Config: config, RepoTags: null, Layers: ['a/layer.tar', 'b/layer.tar'] }]);
  const rest = [file(config, built.config), file('manifest.json', manifest)];
  writeFileSync(
    at('linked.tar'),
    tar(file('x', base.tar), symlink('a/layer.tar', '../x'), file('y', top.tar), hardlink('b/layer.tar', 'y'), ...rest),
  );
  assert.deepEqual(await layersOf(at('linked.tar')), [base.diffId, top.diffId]);
  writeFileSync(at('secret'), base.tar);
  for (const target of ['../../secret', at('secret'), 'a/layer.tar', '../a/layer.tar']) {
    writeFileSync(at('evil.tar'), tar(symlink('a/layer.tar', target), file('b/layer.tar', top.tar), ...rest));
    await assert.rejects(openLocal(at('evil.tar'), signal), InvalidLocalImageError, target);
  }
});

test('refuses changed content', async () => {
  writeLayout(at('changed'), built, 'v1');
  const blobs = join(at('changed'), 'blobs/sha256');
  for (const { digest } of [base, built]) {
    const path = join(blobs, digest.slice(7));
    const bytes = readFileSync(path);
    bytes[20] = bytes[20]! ^ 1;
    writeFileSync(path, bytes);
    await assert.rejects(layersOf(at('changed'), 'v1'), DigestMismatchError);
  }
});

/** The path of a blob in a layout. */
const blobOf = (layout: string, digest: string): string => join(at(layout), 'blobs/sha256', digest.slice(7));

test('follows links to blobs, as Bazel rules_oci writes them, and verifies the content', async () => {
  writeLayout(at('links'), built, 'v1');
  mkdirSync(at('store'));
  for (const [number, name] of readdirSync(join(at('links'), 'blobs/sha256')).entries()) {
    const stored = join(at('store'), name);
    renameSync(blobOf('links', `sha256:${name}`), stored);
    symlinkSync(number % 2 === 0 ? stored : `../../../store/${name}`, blobOf('links', `sha256:${name}`));
  }
  renameSync(join(at('links'), 'index.json'), at('store/index.json'));
  symlinkSync('../store/index.json', join(at('links'), 'index.json'));
  assert.deepEqual(await layersOf(at('links'), 'v1'), [base.digest, top.digest]);
  writeFileSync(join(at('store'), top.digest.slice(7)), base.blob);
  await assert.rejects(layersOf(at('links'), 'v1'), MismatchError);
});

test('refuses links to devices, FIFOs, folders and nothing', { timeout: 10_000 }, async () => {
  writeLayout(at('odd-links'), built, 'v1');
  execFileSync('mkfifo', [at('fifo')]);
  for (const target of [
    '/dev/zero',
    '/dev/stdin',
    at('fifo'),
    at('odd-links'),
    at('nothing'),
    blobOf('odd-links', base.digest),
  ]) {
    rmSync(blobOf('odd-links', base.digest));
    symlinkSync(target, blobOf('odd-links', base.digest));
    await assert.rejects(layersOf(at('odd-links'), 'v1'), InvalidLocalImageError, target);
  }
  rmSync(join(at('odd-links'), 'index.json'));
  symlinkSync(at('fifo'), join(at('odd-links'), 'index.json'));
  await assert.rejects(openLocal(at('odd-links'), signal), /it has no index.json/);
});

test('falls back to the only platform that was saved under a whole index', async () => {
  const others = ['s390x', 'ppc64le'].map(architecture =>
    image({ layers: [top], platform: { os: 'linux', architecture } }),
  );
  const saved = image({ layers: [base], platform: { os: 'linux', architecture: 'riscv64' } });
  const here = image({
    layers: [top],
    platform: { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
  });
  writeLayout(at('one-platform'), index([here, ...others, saved]), 'v1');
  for (const { digest } of [here, ...others]) rmSync(blobOf('one-platform', digest));
  const source = await openLocal(at('one-platform'), signal);
  const resolve = (platform?: string): Promise<ResolvedImage> =>
    resolveImage(source, { ...reference, tag: 'v1' }, platform, signal);
  assert.equal((await resolve()).platform.architecture, 'riscv64');
  await assert.rejects(resolve('linux/s390x'), { name: 'PlatformNotFoundError', message: /riscv64/ });
});

test('tells images that share a tag apart by their names', async () => {
  const tagsOf = async (...names: (string | undefined)[]): Promise<string[]> => {
    writeLayout(at('names'), built, 'v1');
    const { mediaType, digest, bytes } = built;
    const manifests = names.map(name => ({
      mediaType,
      digest,
      size: bytes.length,
      ...(name ? { annotations: { 'org.opencontainers.image.ref.name': name } } : {}),
    }));
    writeFileSync(join(at('names'), 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    return [...(await (await openLocal(at('names'), signal)).tags()).keys()];
  };
  assert.deepEqual(await tagsOf('docker.io/library/a:1', 'docker.io/team/b:1', 'a:2'), ['a-1', 'team-b-1', '2']);
  assert.deepEqual(await tagsOf('localhost:5000/x:1', 'x:1', 'x:1'), ['localhost-5000-x-1', 'x-1', 'image-3']);
  assert.deepEqual(await tagsOf('1', '1', undefined, 'not a tag'), ['1', 'image-2', 'latest', 'not-a-tag']);
});

test('reads an archive whose manifest.json starts its names with "./"', async () => {
  const config = `${sha256(built.config).slice(7)}.json`;
  const manifest = [{ Config: `./${config}`, RepoTags: ['it:latest'], Layers: ['./a/layer.tar', 'b/./layer.tar'] }];
  const files = [file('./a/layer.tar', base.tar), file('b/layer.tar', top.tar), file(`./${config}`, built.config)];
  writeFileSync(at('dots.tar'), tar(...files, file('./manifest.json', JSON.stringify(manifest))));
  assert.deepEqual(await layersOf(at('dots.tar')), [base.diffId, top.diffId]);
});

test('leaves an unreadable entry out of the referrers', async () => {
  writeLayout(at('referrers'), built, 'v1');
  const about = image({ layers: [top], subject: { mediaType: built.mediaType, digest: built.digest, size: 1 } });
  writeFileSync(blobOf('referrers', about.digest), about.bytes);
  const entry = ({ mediaType, digest, bytes }: Content) => ({ mediaType, digest, size: bytes.length });
  const manifests = [{ ...entry(built), digest: top.digest }, entry(built), entry(about)];
  writeFileSync(join(at('referrers'), 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  const source = await openLocal(at('referrers'), signal);
  assert.deepEqual(
    (await source.referrers('', built.digest)).map(({ digest }) => digest),
    [about.digest],
  );
});

test('refuses what is not an image, and says why', async () => {
  mkdirSync(at('empty'));
  await assert.rejects(openLocal(at('empty'), signal), /it has no file oci-layout/);
  writeFileSync(at('other.tar'), tar(file('readme', 'x')));
  await assert.rejects(openLocal(at('other.tar'), signal), /neither an OCI layout nor an archive of docker save/);
  writeFileSync(at('text.tar'), 'not an archive, but long enough to be one'.repeat(40));
  await assert.rejects(openLocal(at('text.tar'), signal), /not a tar archive/);
  writeFileSync(at('packed.tar'), gzipSync(readFileSync(dockerArchive('to-pack.tar', [base.tar, top.tar]))));
  await assert.rejects(openLocal(at('packed.tar'), signal), /compressed with gzip as a whole; decompress it first/);
  const cut = readFileSync(dockerArchive('to-cut.tar', [base.tar, top.tar]));
  writeFileSync(at('cut.tar'), cut.subarray(0, 2000));
  await assert.rejects(openLocal(at('cut.tar'), signal), InvalidLocalImageError);
  await assert.rejects(openLocal(dockerArchive('few.tar', [base.tar]), signal), /another number of layers/);
  for (const text of ['{', '[]', 'null', '[{"Config":"../../etc/passwd","Layers":[]}]']) {
    writeFileSync(at('bad.tar'), tar(file('manifest.json', text)));
    await assert.rejects(openLocal(at('bad.tar'), signal), InvalidLocalImageError, text);
  }
  writeLayout(at('bad-index'), built, 'v1');
  for (const text of ['{', '[]', '{"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]}', '{"layers":[]}']) {
    writeFileSync(join(at('bad-index'), 'index.json'), text);
    await assert.rejects(openLocal(at('bad-index'), signal), InvalidLocalImageError, text);
  }
  rmSync(at('bad.tar'));
  await assert.rejects(openLocal(at('bad.tar'), signal), { code: 'ENOENT' });
});

suite('what skopeo writes', { skip: requireTool('skopeo') }, () => {
  test('is read back from oci-archive and docker-archive', async () => {
    writeLayout(at('from'), built, 'it');
    const copy = ['--insecure-policy', 'copy', '-q', `oci:${at('from')}:it`];
    await run('skopeo', [...copy, `oci-archive:${at('skopeo-oci.tar')}:tagged`]);
    await run('skopeo', [...copy, `docker-archive:${at('skopeo-docker.tar')}:demo/it:9`]);
    assert.deepEqual(await layersOf(at('skopeo-oci.tar'), 'tagged'), [base.digest, top.digest]);
    assert.deepEqual(await layersOf(at('skopeo-docker.tar'), '9'), [base.diffId, top.diffId]);
    assert.ok(readdirSync(place.path).includes('skopeo-docker.tar'));
  });
});
