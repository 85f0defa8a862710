import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlatformNotFoundError } from '../../../src/oci/choosePlatform.ts';
import { contentDigest } from '../../../src/oci/contentDigest.ts';
import { DOCKER_CONFIG, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/mediaTypes.ts';
import { defaultPlatform, formatPlatform, type Platform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { ImageSource } from '../../../src/resolve/imageSource.ts';
import { IndexTooDeepError, NotAnImageError, resolveImage } from '../../../src/resolve/resolveImage.ts';

const REFERENCE = parseReference('r.example/app:v1');
const { signal } = new AbortController();

/** A registry in memory that counts what is asked of it. */
class Documents implements ImageSource {
  readonly asked: string[] = [];
  readonly #documents = new Map<string, Buffer>();

  add(value: unknown): { digest: string; size: number } {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = contentDigest(bytes);
    this.#documents.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  /** Adds an image and returns its entry for an index. */
  image(platform: Partial<Platform>, manifest: Record<string, unknown> = {}, configType = OCI_CONFIG): object {
    const config = this.add({ ...platform, rootfs: { diff_ids: [] } });
    const document = this.add({ config: { mediaType: configType, ...config }, layers: [], ...manifest });
    return { mediaType: OCI_MANIFEST, ...document, ...(platform.os ? { platform } : {}) };
  }

  tag(manifest: unknown): void {
    this.#documents.set('v1', Buffer.from(JSON.stringify(manifest)));
  }

  index(...manifests: unknown[]): void {
    this.tag({ mediaType: OCI_INDEX, manifests });
  }

  manifest(_repository: string, version: string): ReturnType<ImageSource['manifest']> {
    this.asked.push(version);
    const bytes = this.#documents.get(version);
    if (!bytes) return Promise.reject(new Error(`missing ${version}`));
    return Promise.resolve({ bytes, mediaType: '', digest: contentDigest(bytes) });
  }

  async blobBytes(repository: string, { digest }: { digest: string }): Promise<Uint8Array> {
    return (await this.manifest(repository, digest)).bytes;
  }

  blobSize(): Promise<number> {
    return Promise.resolve(0);
  }

  async platform(wanted?: string): Promise<string> {
    return formatPlatform((await resolveImage(this, REFERENCE, wanted, signal)).platform);
  }
}

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

test('finds an image again by the platform it reports', async () => {
  const documents = new Documents();
  const versions = ['10.0.17763.1', '10.0.20348.1', 'Ubuntu 22.04.5', 'Server (Core)/2022'];
  const entries = versions.map(version => documents.image({ ...AMD64, os: 'windows', 'os.version': version }));
  documents.index(...entries, documents.image({ os: 'odd os', architecture: 'x(86)', variant: 'v/1' }));
  for (const version of versions) {
    assert.equal(await documents.platform(`windows/amd64 ${version}`), `windows/amd64 ${version}`);
  }
  assert.equal(await documents.platform('windows/amd64 10.0.20348'), 'windows/amd64 10.0.20348.1');
  assert.equal(await documents.platform('windows(10.0.20348.1)/amd64'), 'windows/amd64 10.0.20348.1');
  assert.equal(await documents.platform('odd%20os/x%2886%29/v%2F1'), 'odd%20os/x%2886%29/v%2F1');
  await assert.rejects(documents.platform('windows/amd64 10.0.1'), PlatformNotFoundError);
});

test('completes the platform in a config from the index, and finds the image again by digest', async () => {
  const documents = new Documents();
  const entry = documents.image({ ...AMD64 });
  documents.index({ ...entry, platform: { ...AMD64, 'os.version': 'Ubuntu 22.04.5' } });
  assert.equal(await documents.platform('linux/amd64 Ubuntu 22.04.5'), 'linux/amd64 Ubuntu 22.04.5');
  assert.equal(await documents.platform('linux/amd64'), 'linux/amd64 Ubuntu 22.04.5');
  const arm = documents.image({ os: 'linux', architecture: 'arm' });
  documents.index(
    { ...arm, platform: { os: 'linux', architecture: 'arm', variant: 'v6' } },
    documents.image({ os: 'linux', architecture: 'arm', variant: 'v7' }),
    { ...documents.image({ os: 'linux' }), platform: ARM64 },
  );
  for (const platform of ['linux/arm/v6', 'linux/arm/v7', 'linux/arm64']) {
    const { manifestDigest, ...image } = await resolveImage(documents, REFERENCE, platform, signal);
    assert.equal(formatPlatform(image.platform), platform);
    const again = await resolveImage(documents, { ...REFERENCE, digest: manifestDigest }, platform, signal);
    assert.equal(again.manifestDigest, manifestDigest);
  }
  const { digest } = entry as { digest: `${string}:${string}` };
  const named = { ...REFERENCE, digest };
  assert.equal((await resolveImage(documents, named, 'linux/amd64 Ubuntu 22.04.5', signal)).manifestDigest, digest);
  await assert.rejects(resolveImage(documents, named, 'linux/arm64', signal), PlatformNotFoundError);
});

test('refuses a single image of another platform, and takes it if none is asked for', async () => {
  const documents = new Documents();
  const config = documents.add({ ...ARM64, 'os.version': '22.04', rootfs: { diff_ids: [] } });
  documents.tag({ config: { mediaType: OCI_CONFIG, ...config }, layers: [] });
  assert.equal(await documents.platform(), 'linux/arm64 22.04');
  assert.equal(await documents.platform('linux/arm64 22.04'), 'linux/arm64 22.04');
  await assert.rejects(documents.platform('linux/s390x'), PlatformNotFoundError);
});

test('takes entries without a platform last, by their configs', async () => {
  const documents = new Documents();
  const bare = (platform: Partial<Platform>, type?: string): object => {
    const { platform: _, ...entry } = documents.image(platform, {}, type) as { platform: unknown };
    return entry;
  };
  const arm = bare(ARM64);
  documents.index(bare({}, 'application/x-chart'), arm, bare(AMD64), documents.image(AMD64));
  assert.equal(await documents.platform('linux/amd64'), 'linux/amd64');
  assert.equal(documents.asked.length, 3, 'the tag, the manifest and the config');
  assert.equal(await documents.platform('linux/arm64'), 'linux/arm64');
  await assert.rejects(documents.platform('linux/s390x'), /linux\/amd64, linux\/arm64/);
  documents.index(arm);
  assert.equal(await documents.platform(), 'linux/arm64', 'the only image');
});

test('leaves out odd entries', async () => {
  const documents = new Documents();
  const good = documents.image(AMD64) as { digest: string };
  const odd = [
    { mediaType: OCI_MANIFEST, digest: `blake3:${'a'.repeat(64)}`, size: 1, platform: ARM64 },
    { mediaType: OCI_MANIFEST, digest: 7, size: 1 },
    { mediaType: OCI_INDEX, digest: `sha256:${'f'.repeat(64)}`, size: 1 },
    'text',
    null,
  ];
  for (const size of [-1, 1.5, undefined, '12']) {
    documents.index(...odd, { ...good, size });
    assert.equal(await documents.platform('linux/amd64'), 'linux/amd64');
  }
  for (const subject of ['x', { digest: 'x' }, { digest: good.digest, size: -1 }]) {
    documents.tag({ mediaType: OCI_INDEX, manifests: [good], subject });
    assert.equal(await documents.platform('linux/amd64'), 'linux/amd64');
  }
  documents.index(odd[0]);
  await assert.rejects(documents.platform('linux/arm64'), /blake3.*isn't a digest Peel can verify/);
  documents.index(odd[2]);
  await assert.rejects(documents.platform('linux/arm64'), /missing sha256/);
  documents.index();
  await assert.rejects(documents.platform('linux/arm64'), /names no platforms/);
});

test('chooses among thousands of entries', async () => {
  for (const count of [1001, 5001]) {
    const documents = new Documents();
    const filler = Array.from({ length: count - 1 }, (_, at) => ({
      mediaType: OCI_MANIFEST,
      digest: `sha256:${String(at).padStart(64, '0')}`,
      size: 1,
      platform: { os: 'linux', architecture: `cpu${at}` },
    }));
    documents.index(...filler, documents.image(ARM64));
    assert.equal(await documents.platform('linux/arm64'), 'linux/arm64');
    await assert.rejects(documents.platform('plan9/amd64'), error => {
      assert.ok(error instanceof PlatformNotFoundError && error.available.length === count);
      assert.match(error.message, /cpu19 and \d+ more\.$/);
      return true;
    });
  }
});

test('searches nested indexes, each once, to a limit', async () => {
  const documents = new Documents();
  const nest = (...manifests: unknown[]): object => ({
    mediaType: OCI_INDEX,
    ...documents.add({ mediaType: OCI_INDEX, manifests }),
  });
  const inner = nest(documents.image(ARM64));
  documents.index(inner, inner, documents.image(AMD64));
  assert.equal(await documents.platform('linux/arm64'), 'linux/arm64');
  assert.equal(documents.asked.length, 4);
  documents.index(nest(nest(nest(nest(nest(documents.image(ARM64)))))));
  await assert.rejects(documents.platform('linux/arm64'), IndexTooDeepError);
  documents.index(
    ...Array.from({ length: 200 }, (_, at) => nest(documents.image({ os: `os${at}`, architecture: 'x' }))),
  );
  await assert.rejects(documents.platform('linux/arm64'), IndexTooDeepError);
});

test('tells images from artifacts by their configs', async () => {
  const documents = new Documents();
  const artifactType = 'application/vnd.example.thing';
  for (const [type, manifest] of [
    [OCI_CONFIG, {}],
    [OCI_CONFIG, { artifactType }],
    [OCI_CONFIG.toUpperCase(), { artifactType }],
    [`${DOCKER_CONFIG}; charset=utf-8`, {}],
    ['application/octet-stream', {}],
  ] as const) {
    documents.index(documents.image(AMD64, manifest, type));
    assert.equal(await documents.platform('linux/amd64'), 'linux/amd64', type);
  }
  for (const [type, manifest] of [
    ['application/vnd.oci.empty.v1+json', { artifactType }],
    ['application/octet-stream', { artifactType }],
    ['application/vnd.cncf.helm.config.v1+json', {}],
  ] as const) {
    documents.index(documents.image(AMD64, manifest, type));
    await assert.rejects(documents.platform('linux/amd64'), NotAnImageError, type);
  }
});

test('an operating system alone takes the default architecture', async () => {
  const { architecture } = defaultPlatform();
  const documents = new Documents();
  documents.index(
    ...['linux', 'windows', 'darwin'].map(os => documents.image({ os, architecture })),
    documents.image({ os: 'linux', architecture: 's390x' }),
  );
  for (const os of ['linux', 'windows', 'darwin']) assert.equal(await documents.platform(os), `${os}/${architecture}`);
  assert.equal(await documents.platform('macOS'), `darwin/${architecture}`);
  assert.equal(await documents.platform('s390x'), 'linux/s390x');
});
