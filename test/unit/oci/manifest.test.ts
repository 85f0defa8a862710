import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePlatform, platformsOf } from '../../../src/oci/choosePlatform.ts';
import { InvalidConfigError, parseConfig } from '../../../src/oci/config.ts';
import { isDigest } from '../../../src/oci/digest.ts';
import { layersOf } from '../../../src/oci/layer.ts';
import { InvalidManifestError, parseManifest, type Manifest } from '../../../src/oci/manifest.ts';
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../../src/oci/mediaTypes.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { configOfSchema1, EMPTY_LAYER } from '../../../src/oci/schema1.ts';
import { configFrom } from '../../../src/oci/config.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const config = { mediaType: OCI_CONFIG, digest: digest('c'), size: 7 };
const parse = (value: unknown, contentType?: string): Manifest =>
  parseManifest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), contentType);

test('accepts digests of a known algorithm, in lower case and of the right length', () => {
  assert.ok(isDigest(digest('a')));
  assert.ok(isDigest(`sha512:${'0'.repeat(128)}`));
  for (const bad of [
    '',
    'sha256:',
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `sha256:${'a'.repeat(64)}/../x`,
    `__proto__:${'a'.repeat(64)}`,
    7,
  ]) {
    assert.ok(!isDigest(bad), String(bad));
  }
});

test("takes the kind from the body, and from the Content-Type only if the body doesn't say", () => {
  const image = { schemaVersion: 2, config, layers: [] };
  assert.equal(parse({ ...image, mediaType: OCI_MANIFEST }, 'text/plain').kind, 'image');
  assert.equal(parse(image, 'text/plain; charset=utf-8').mediaType, OCI_MANIFEST);
  assert.equal(parse(image, `${DOCKER_MANIFEST}; charset=utf-8`).mediaType, DOCKER_MANIFEST);
  assert.equal(
    parse({ ...image, config: { ...config, mediaType: 'application/vnd.docker.container.image.v1+json' } }).mediaType,
    DOCKER_MANIFEST,
  );
  assert.equal(parse({ schemaVersion: 2, manifests: [] }, 'application/json').mediaType, OCI_INDEX);
  assert.equal(parse({ schemaVersion: 2, manifests: [] }, DOCKER_INDEX).mediaType, DOCKER_INDEX);
  assert.equal(
    parse({ schemaVersion: 2, manifests: null, mediaType: OCI_INDEX }).kind,
    'index',
    'an empty list may be null',
  );
});

test('refuses documents that are both an index and an image (CVE-2021-41190)', () => {
  const both: unknown[] = [
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], config, layers: [] },
    { schemaVersion: 2, manifests: [], layers: [] },
    { schemaVersion: 1, fsLayers: [], config },
    { schemaVersion: 2, mediaType: OCI_INDEX, config, layers: [] },
    { schemaVersion: 2, mediaType: OCI_MANIFEST, manifests: [] },
  ];
  for (const document of both) assert.throws(() => parse(document), InvalidManifestError, JSON.stringify(document));
});

test("refuses what isn't a manifest, with the reason", () => {
  const cases: [unknown, RegExp][] = [
    ['<html>', /not JSON/],
    ['[]', /not a JSON object/],
    ['{}', /neither layers nor manifests/],
    [{ layers: [] }, /names no config/],
    [{ config, layers: 'x' }, /not a list/],
    [{ config: { ...config, digest: 'sha256:short' }, layers: [] }, /isn't a digest/],
    [{ schemaVersion: 1, fsLayers: [{ blobSum: digest('a') }], history: [] }, /1 fsLayers but 0 history/],
    [{ schemaVersion: 1, fsLayers: [], history: [] }, /missing/],
  ];
  for (const [document, reason] of cases)
    assert.throws(() => parse(document), { name: 'InvalidManifestError', message: reason });
});

test('treats a missing, zero or invalid size as unknown', () => {
  for (const size of [undefined, 0, -1, 1.5, '7', 2 ** 60]) {
    const sized = { ...config, size };
    const manifest = parse({ config: sized, layers: [sized, sized] });
    assert.equal(manifest.kind, 'image');
    if (manifest.kind !== 'image') return;
    assert.deepEqual(
      [manifest.config, ...manifest.layers].map(each => each.size),
      [-1, -1, -1],
    );
  }
});

test('leaves layers without diff IDs where the config has no rootfs', () => {
  const manifest = parse({ config, layers: [config] });
  assert.equal(manifest.kind, 'image');
  if (manifest.kind !== 'image') return;
  for (const json of ['{}', '{"rootfs":{}}', '{"rootfs":{"type":"layers","diff_ids":[]}}']) {
    const [only, ...rest] = layersOf(manifest, parseConfig(Buffer.from(json)));
    assert.deepEqual([only?.number, only?.diffId, rest], [1, undefined, []]);
  }
});

test('pairs layers with the history steps that changed files', () => {
  const layers = [digest('1'), digest('2')].map(id => ({ mediaType: OCI_LAYER_GZIP, digest: id, size: 10 }));
  const manifest = parse({ schemaVersion: 2, config, layers });
  assert.equal(manifest.kind, 'image');
  if (manifest.kind !== 'image') return;
  const json = {
    os: 'linux',
    architecture: 'arm64',
    rootfs: { diff_ids: [digest('a'), digest('b')] },
    history: [
      { created_by: 'ADD base' },
      { created_by: 'ENV A=b', empty_layer: true },
      { created_by: 'RUN make', created: '2024-01-01T00:00:00Z' },
    ],
  };
  const read = (value: object) => parseConfig(Buffer.from(JSON.stringify(value)));
  assert.deepEqual(
    layersOf(manifest, read(json)).map(({ number, diffId, createdBy }) => ({ number, diffId, createdBy })),
    [
      { number: 1, diffId: digest('a'), createdBy: 'ADD base' },
      { number: 2, diffId: digest('b'), createdBy: 'RUN make' },
    ],
  );
  const unpaired = layersOf(manifest, read({ ...json, history: [{ created_by: 'only one' }] }));
  assert.deepEqual(
    unpaired.map(layer => layer.createdBy),
    [undefined, undefined],
    'no command is better than a wrong one',
  );
  assert.throws(() => layersOf(manifest, read({ ...json, rootfs: { diff_ids: [digest('a')] } })), InvalidConfigError);
  assert.throws(() => read({ ...json, rootfs: { diff_ids: ['x'] } }), InvalidConfigError);
});

test('reads schema 1 base first, without empty and repeated steps', () => {
  const v1 = (value: object) => ({ v1Compatibility: JSON.stringify(value) });
  const manifest = parse({
    schemaVersion: 1,
    name: 'library/busybox',
    tag: 'latest',
    architecture: 'amd64',
    fsLayers: [{ blobSum: EMPTY_LAYER }, { blobSum: digest('2') }, { blobSum: digest('1') }, { blobSum: digest('1') }],
    history: [
      v1({
        id: 'd',
        parent: 'c',
        throwaway: true,
        os: 'linux',
        config: { Cmd: ['sh'] },
        container_config: { Cmd: ['CMD ["sh"]'] },
      }),
      v1({ id: 'c', parent: 'b', container_config: { Cmd: ['RUN two'] } }),
      v1({ id: 'b', container_config: { Cmd: ['ADD one'] } }),
      v1({ id: 'b', container_config: { Cmd: ['ADD one'] } }),
    ],
  });
  assert.equal(manifest.kind, 'schema1');
  if (manifest.kind !== 'schema1') return;
  const json = configOfSchema1(manifest, [digest('a'), digest('b')]);
  const built = configFrom(json);
  assert.deepEqual(built.command, ['sh']);
  assert.ok(!('id' in json) && !('throwaway' in json) && !('container_config' in json));
  const layers = layersOf(manifest, built);
  assert.deepEqual(
    layers.map(layer => [layer.number, layer.descriptor.digest, layer.createdBy, layer.diffId]),
    [
      [1, digest('1'), 'ADD one', digest('a')],
      [2, digest('2'), 'RUN two', digest('b')],
    ],
  );
});

test('chooses the exact platform, then the newest older variant, and never an attestation', () => {
  const entry = (id: string, platform: string, annotations?: object) => {
    const { os, architecture, variant } =
      platform === 'unknown/unknown' ? { os: 'unknown', architecture: 'unknown' } : parsePlatform(platform);
    return {
      mediaType: OCI_MANIFEST,
      digest: digest(id),
      size: 1,
      platform: { os, architecture, variant },
      annotations,
    };
  };
  const attestation = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': digest('1'),
  };
  const index = parse({
    schemaVersion: 2,
    manifests: [
      entry('1', 'linux/amd64'),
      entry('2', 'linux/arm/v6'),
      entry('3', 'linux/arm/v5'),
      entry('4', 'unknown/unknown', attestation),
    ],
  });
  assert.equal(index.kind, 'index');
  if (index.kind !== 'index') return;
  const entries = platformsOf(index);
  assert.equal(entries.length, 3);
  assert.deepEqual(
    entries[0]?.attestations.map(item => item.digest),
    [digest('4')],
  );
  const choose = (platform: string) => choosePlatform(entries, parsePlatform(platform))?.descriptor.digest;
  assert.equal(choose('linux/amd64'), digest('1'));
  assert.equal(choose('linux/arm/v7'), digest('2'));
  assert.equal(choose('linux/arm/v5'), digest('3'));
  assert.equal(choose('linux/s390x'), undefined);
});
