import type { Platform } from '../../src/oci/platform.ts';
import { busyboxLayer, FOREIGN, foreignBaseLayer, NATIVE } from './demoBase.ts';
import { artifact, type BuiltImage, type BuiltLayer, FIXED_DATE, image, index, layer } from './image.ts';
import { png } from './png.ts';
import type { RegistryStore } from './registry/store.ts';
import { directory, file, hardlink, opaque, symlink, whiteout } from './tar.ts';

/** The repositories that `fillDemo` creates. */
export const DEMO_REPOSITORIES = ['demo/hello', 'demo/nightly', 'demo/notes', 'library/busybox'] as const;

/**
 * Fills a registry with small images to explore: `library/busybox` (schema 1, Docker schema 2,
 * OCI), `demo/hello` (several layers, versions and platforms, with attachments), `demo/nightly`
 * (more tags than fit on one page) and `demo/notes` (an artifact). The bytes are the same on every
 * run.
 */
export function fillDemo(registry: { readonly store: RegistryStore }): void {
  const { store } = registry;
  const base = busyboxLayer();
  fillBusybox(store, base);
  fillHello(store, base);
  const nightly = image({ platform: NATIVE, layers: [base, layer([file('etc/build', 'nightly\n')])] });
  for (let day = 0; day < 120; day++) {
    const date = new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
    store.put('demo/nightly', nightly, date, ...(day === 119 ? ['latest'] : []));
  }
  const notes = [
    {
      name: 'notes.md',
      bytes: Buffer.from('# Notes\n\nAn OCI artifact holds files, and no file system.\n'),
      mediaType: 'text/markdown',
    },
    { name: 'numbers.csv', bytes: Buffer.from('n,square\n1,1\n2,4\n3,9\n'), mediaType: 'text/csv' },
  ];
  store.put('demo/notes', artifact({ artifactType: 'application/vnd.example.notes', files: notes }), 'latest', '1.0');
}

function fillBusybox(store: RegistryStore, base: BuiltLayer): void {
  const common = { platform: NATIVE, config: { Cmd: ['sh'], Env: ['PATH=/bin:/usr/bin'] } };
  const command = { createdBy: '/bin/sh -c #(nop)  CMD ["sh"]' };
  const layers = [base, command];
  const name = 'library/busybox';
  store.put(name, image({ ...common, layers, format: 'docker' }), 'latest', '1.35', '1.35.0');
  store.put(name, image({ ...common, layers, format: 'schema1', name, tag: 'v1' }), 'v1');
  store.put(name, image({ ...common, layers: [busyboxLayer('zstd'), command] }), 'oci');
}

const SCRIPT = `#!/bin/sh
# Says hello to whoever is named, or to the world.
echo "Hello, \${1:-world}! This is $(cat /app/VERSION) on $(uname -m)."
`;

/**
 * Returns the layers of one version above its base. One layer copies in a secret and a later one
 * deletes it: it can still be found in the layers.
 */
function helloLayers(version: string): BuiltLayer[] {
  const readme = `# Hello\n\nA demo image of several layers, version ${version}.\n\nRun \`/app/hello.sh\`.\n`;
  const settings = { greeting: 'Hello', version, colours: ['red', 'green', 'blue'], retries: 3 };
  return [
    layer(
      [
        directory('app/'),
        file('app/README.md', readme),
        file('app/VERSION', `hello ${version}\n`),
        file('app/hello.sh', SCRIPT, { mode: 0o755 }),
        file('app/settings.json', `${JSON.stringify({ ...settings, debug: true }, undefined, 2)}\n`),
        file('app/.env', 'API_KEY=not-a-real-secret-but-still-in-this-layer\n', { mode: 0o600 }),
        file('app/old-notes.txt', 'Deleted by a later layer.\n'),
        symlink('app/start', 'hello.sh'),
      ],
      { createdBy: 'COPY app /app # buildkit' },
    ),
    layer(
      [
        directory('app/'),
        directory('app/assets/'),
        file(
          'app/assets/logo.png',
          png(64, (x, y) => [x * 4, y * 4, 255 - x * 2 - y * 2]),
        ),
        directory('app/cache/'),
        file('app/cache/stale.txt', 'old\n'),
        file('app/cache/more-stale.txt', 'older\n'),
        directory('app/data/'),
        file(
          'app/data/table.csv',
          `id,name\n${Array.from({ length: 200 }, (_, id) => `${id},row ${id}`).join('\n')}\n`,
        ),
        hardlink('app/data/same-table.csv', 'app/data/table.csv'),
      ],
      { compression: 'zstd', createdBy: 'RUN /bin/sh -c make-assets && make-data # buildkit' },
    ),
    layer(
      [
        directory('app/'),
        whiteout('app/.env'),
        whiteout('app/old-notes.txt'),
        file('app/settings.json', `${JSON.stringify({ ...settings, debug: false }, undefined, 2)}\n`),
        directory('app/cache/'),
        opaque('app/cache'),
        file('app/cache/fresh.txt', 'new\n'),
      ],
      { createdBy: 'RUN /bin/sh -c rm /app/.env /app/old-notes.txt && tidy-up # buildkit' },
    ),
    layer([directory('usr/'), directory('usr/bin/'), symlink('usr/bin/hello', '/app/hello.sh')], {
      createdBy: 'RUN /bin/sh -c ln -s /app/hello.sh /usr/bin/hello # buildkit',
    }),
  ];
}

function helloImage(version: string, base: BuiltLayer, platform: Platform): BuiltImage {
  const [app, ...rest] = helloLayers(version);
  if (!app) throw new Error('the demo has no layers');
  return image({
    platform,
    layers: [base, { createdBy: 'ENV PATH=/bin:/usr/bin' }, app, ...rest, { createdBy: 'CMD ["/app/hello.sh"]' }],
    config: {
      Env: ['PATH=/bin:/usr/bin'],
      Cmd: ['/app/hello.sh'],
      WorkingDir: '/app',
      Labels: { 'org.opencontainers.image.title': 'hello', 'org.opencontainers.image.version': version },
    },
    annotations: { 'org.opencontainers.image.version': version },
  });
}

function fillHello(store: RegistryStore, base: BuiltLayer): void {
  const foreignBase = foreignBaseLayer();
  const versions = ['0.9.0', '1.0.0', '1.1.0', '1.2.0', '1.10.0', '2.0.0-rc.1', '2.0.0'];
  for (const version of versions) {
    const native = helloImage(version, base, NATIVE);
    const foreign = helloImage(version, foreignBase, FOREIGN);
    const all = index([native, foreign, attestationEntry(native)]);
    store.put('demo/hello', all, version, ...(version === versions.at(-1) ? ['latest', '2'] : []));
    store.put('demo/hello', billOfMaterials(native, version));
  }
  store.put('demo/hello', helloImage('2.0.0', base, NATIVE), 'single');
}

/** Provenance as BuildKit stores it: a separate manifest in the index, without a platform. */
function attestationEntry(subject: BuiltImage): Parameters<typeof index>[0][number] {
  const statement = {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    subject: [{ name: 'demo/hello', digest: { sha256: subject.digest.slice('sha256:'.length) } }],
    predicate: { builder: { id: 'https://example.com/demo-builder' }, buildType: 'https://example.com/demo' },
  };
  const blob = layer(Buffer.from(JSON.stringify(statement)), {
    compression: 'none',
    mediaType: 'application/vnd.in-toto+json',
    annotations: { 'in-toto.io/predicate-type': statement.predicateType },
  });
  const unknown: Platform = { os: 'unknown', architecture: 'unknown' };
  return {
    content: image({ layers: [blob], platform: unknown }),
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': subject.digest,
    },
  };
}

/** A list of the image's contents, attached to it as a referrer. */
function billOfMaterials(subject: BuiltImage, version: string): ReturnType<typeof artifact> {
  const mediaType = 'application/spdx+json';
  const document = {
    spdxVersion: 'SPDX-2.3',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `demo/hello:${version}`,
    documentNamespace: `https://example.com/spdx/hello-${version}`,
    creationInfo: { created: FIXED_DATE, creators: ['Tool: demo'] },
    packages: [{ SPDXID: 'SPDXRef-hello', name: 'hello', versionInfo: version, downloadLocation: 'NOASSERTION' }],
  };
  const bytes = Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`);
  return artifact({
    artifactType: mediaType,
    files: [{ name: 'sbom.spdx.json', bytes, mediaType }],
    subject: subject.descriptor,
    annotations: { 'org.opencontainers.image.created': FIXED_DATE },
  });
}
