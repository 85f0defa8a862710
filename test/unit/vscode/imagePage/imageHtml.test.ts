import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFrom } from '../../../../src/oci/config.ts';
import { layersOf } from '../../../../src/oci/layer.ts';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { ImageManifest } from '../../../../src/oci/manifest.ts';
import type { ResolvedImage } from '../../../../src/oci/image.ts';
import { imageHtml } from '../../../../src/vscode/imagePage/imageHtml.ts';
import { pageHtml } from '../../../../src/vscode/page/pageHtml.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const NOW = Date.UTC(2025, 0, 3);

function resolved(json: Readonly<Record<string, unknown>>, sizes: readonly number[]): ResolvedImage {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const layers = sizes.map(size => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: DIGEST, size }));
  const manifest = { kind: 'image', mediaType, layers, annotations: {} } as unknown as ImageManifest;
  const config = configFrom({
    os: 'linux',
    architecture: 'arm64',
    rootfs: { diff_ids: sizes.map(() => DIGEST) },
    ...json,
  });
  return {
    reference: parseReference('example.com/team/app:1'),
    digest: DIGEST,
    mediaType,
    platform: config.platform,
    manifestDigest: DIGEST,
    manifestBytes: Buffer.alloc(0),
    manifest,
    config,
    configBytes: Buffer.alloc(0),
    layers: layersOf(manifest, config),
  };
}

const page = (json: Readonly<Record<string, unknown>>, sizes: readonly number[] = []): string =>
  imageHtml('example.com/team/app:1', resolved(json, sizes), [{ title: 'Pull', href: 'command:x' }], NOW).text;

test('shows what the config says', () => {
  const text = page(
    {
      created: '2025-01-01T00:00:00Z',
      config: {
        Entrypoint: ['/bin/app', '--greet', 'hello world'],
        ExposedPorts: { '8080/tcp': {} },
        Env: ['MODE=fast'],
        Labels: { 'org.opencontainers.image.source': 'https://example.com/source', plain: 'javascript:alert(1)' },
        WorkingDir: '/srv',
      },
      history: [
        { created_by: '/bin/sh -c #(nop) ADD file:abc in / ' },
        { created_by: '/bin/sh -c #(nop)  CMD ["sh"]', empty_layer: true },
        { created_by: 'RUN /bin/sh -c make all # buildkit' },
      ],
    },
    [4_200_000, 1000],
  );
  for (const said of [
    'example.com/team/app:1',
    'linux/arm64',
    '2 layers',
    '4.2 MB compressed',
    '2 days ago',
    '8080/tcp',
  ]) {
    assert.ok(text.includes(said), said);
  }
  assert.match(text, /<code>\/bin\/app --greet &#34;hello world&#34;<\/code>/);
  assert.match(text, /<a href="https:\/\/example\.com\/source">/);
  assert.match(text, /<td>javascript:alert\(1\)<\/td>/, 'other schemes are not links');
  assert.match(text, /root \(default\)/);
  assert.match(text, /Layer 1 · 4\.2 MB[^]*ADD file:abc in \/[^]*No files[^]*CMD[^]*Layer 2 · 1\.0 kB[^]*RUN make all/);
});

test('hides secrets in the environment, history and labels, and warns of them', () => {
  const text = page(
    {
      config: {
        Env: ['DB_PASSWORD=hunter2', 'A=b'],
        Cmd: ['run', '--token=hunter3'],
        Labels: { about: 'password=hunter4', 'com.db.password': 'hunter6', api_token: 'hunter7', version: '1.2' },
      },
      history: [{ created_by: 'RUN /bin/sh -c API_KEY=hunter5 make # buildkit', comment: 'made with TOKEN=hunter8' }],
    },
    [1],
  );
  assert.doesNotMatch(text, /hunter/);
  assert.match(text, /The environment holds 1 value that[^]*looks[^]*like a secret/);
  assert.match(text, /The history holds 2 values/);
  assert.match(text, /The list of labels holds 3 values/);
  assert.match(text, /made with TOKEN=•/);
  assert.match(text, /1\.2/);
});

test('escapes everything in an image', () => {
  const evil = '"><img src=x onerror=alert(1)><style>*{}</style>';
  const text = page(
    {
      author: evil,
      created: evil,
      architecture: evil,
      config: {
        Env: [`${evil}=${evil}`],
        Labels: { [evil]: evil, link: `https://example.com/${evil}` },
        Cmd: [evil],
        User: evil,
        Volumes: { [evil]: {} },
      },
      history: [{ created_by: evil, comment: evil }],
    },
    [1],
  );
  assert.doesNotMatch(text, /<(img|style|script)/);
  assert.doesNotMatch(text, /href="[^"]*[<>]/);
});

test('renders an image with an empty config', () => {
  const text = page({}, []);
  assert.match(text, /example\.com\/team\/app:1/);
  assert.doesNotMatch(text, /undefined|NaN|Environment|Labels|History/);
});

test('allows only its own style by policy', () => {
  const text = pageHtml('T', 'abc123', imageHtml('app', resolved({}, []), [], NOW));
  assert.match(
    text,
    /content="default-src &#39;none&#39;; style-src &#39;nonce-abc123&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"/,
  );
  assert.doesNotMatch(text, /<script| style="| on\w+="|unsafe/);
  assert.equal(text.match(/<style/g)?.length, 1);
});
