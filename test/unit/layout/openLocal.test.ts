import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test, after } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Verifier } from '../../../src/blobs/verifier.ts';
import { DigestMismatchError } from '../../../src/oci/mismatchErrors.ts';
import { InvalidLocalImageError, NoSuchImageError } from '../../../src/layout/layoutFiles.ts';
import { openLocal } from '../../../src/layout/openLocal.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { resolveImage } from '../../../src/resolve/resolveImage.ts';
import { image, index, layer } from '../../support/image.ts';
import { writeLayout } from '../../support/layout.ts';
import { sha256 } from '../../support/registry/store.ts';
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

/** Every layer of the image behind a tag, read whole and checked, as text of its files. */
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

test('an OCI layout is read as a folder and as an archive, with every tag', async () => {
  writeLayout(at('layout'), built, 'v1');
  execFileSync('tar', ['-cf', at('layout.tar'), '-C', at('layout'), '.']);
  for (const name of ['layout', 'layout.tar']) {
    const source = await openLocal(at(name), signal);
    assert.deepEqual([...(await source.tags()).keys()], ['v1']);
    assert.deepEqual(await layersOf(at(name), 'v1'), [base.digest, top.digest]);
    await assert.rejects(source.manifest('', 'v2', signal), NoSuchImageError);
  }
});

test('images of several platforms are found through their index, and unnamed images get a name', async () => {
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

/** An archive as `docker save` writes it. */
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

test('an archive of docker save is read, its layers compressed or not', async () => {
  const plain = dockerArchive('plain.tar', [base.tar, top.tar]);
  assert.deepEqual([...(await (await openLocal(plain, signal)).tags()).keys()], ['latest', '1']);
  assert.deepEqual(await layersOf(plain), [base.diffId, top.diffId]);
  const mixed = dockerArchive('mixed.tar', [base.blob, top.tar]);
  assert.deepEqual(await layersOf(mixed, '1'), [base.digest, top.diffId]);
});

test('old links between the layers of an archive are followed by name alone', async () => {
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

test('changed content is noticed', async () => {
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

test('a blob that is a link out of the layout is not read', async () => {
  writeLayout(at('links'), built, 'v1');
  const path = join(at('links'), 'blobs/sha256', built.digest.slice(7));
  renameSync(path, at('outside'));
  symlinkSync(at('outside'), path);
  await assert.rejects(layersOf(at('links'), 'v1'), InvalidLocalImageError);
});

test('what is no image is refused with a word about it', async () => {
  mkdirSync(at('empty'));
  await assert.rejects(openLocal(at('empty'), signal), /it has no file oci-layout/);
  writeFileSync(at('other.tar'), tar(file('readme', 'x')));
  await assert.rejects(openLocal(at('other.tar'), signal), /neither an OCI layout nor an archive of docker save/);
  writeFileSync(at('text.tar'), 'no archive at all, but a text that is long enough'.repeat(40));
  await assert.rejects(openLocal(at('text.tar'), signal), /no tar archive/);
  writeFileSync(at('packed.tar'), gzipSync(readFileSync(dockerArchive('to-pack.tar', [base.tar, top.tar]))));
  await assert.rejects(openLocal(at('packed.tar'), signal), /compressed with gzip as a whole; decompress it first/);
  const cut = readFileSync(dockerArchive('to-cut.tar', [base.tar, top.tar]));
  writeFileSync(at('cut.tar'), cut.subarray(0, 2000));
  await assert.rejects(openLocal(at('cut.tar'), signal), InvalidLocalImageError);
  await assert.rejects(openLocal(dockerArchive('few.tar', [base.tar]), signal), /not as many layers/);
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
  test('is read back: oci-archive and docker-archive', async () => {
    writeLayout(at('from'), built, 'it');
    const copy = ['--insecure-policy', 'copy', '-q', `oci:${at('from')}:it`];
    await run('skopeo', [...copy, `oci-archive:${at('skopeo-oci.tar')}:tagged`]);
    await run('skopeo', [...copy, `docker-archive:${at('skopeo-docker.tar')}:demo/it:9`]);
    assert.deepEqual(await layersOf(at('skopeo-oci.tar'), 'tagged'), [base.digest, top.digest]);
    assert.deepEqual(await layersOf(at('skopeo-docker.tar'), '9'), [base.diffId, top.diffId]);
    assert.ok(readdirSync(place.path).includes('skopeo-docker.tar'));
  });
});
