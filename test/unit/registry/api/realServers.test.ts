import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseManifest } from '../../../../src/oci/manifest.ts';
import type { Credential } from '../../../../src/registry/auth/credentials.ts';
import {
  ClientCertificateNeededError,
  NoCatalogError,
  NotFoundError,
  RegistryError,
  TlsError,
  UnauthorizedError,
} from '../../../../src/registry/errors.ts';
import { artifact, type BuiltImage, image, index, layer } from '../../../support/image.ts';
import { createPrivateCa, type PrivateCa } from '../../../support/privateCa.ts';
import { pushContent } from '../../../support/push.ts';
import {
  type DockerRegistry,
  type DockerRegistryOptions,
  startDockerRegistry,
} from '../../../support/servers/dockerRegistry.ts';
import { startNginx } from '../../../support/servers/nginx.ts';
import { tar } from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { Accounts, ask, Collected, configOf, type Asking } from '../asking.ts';

const ALICE: Credential = { username: 'alice', password: 's3cret' };
const PUSHER = { user: 'alice', password: 's3cret' };

/** An image with two layers, the second of some hundred incompressible kilobytes. */
function demo(format: 'oci' | 'docker' | 'schema1' = 'oci'): BuiltImage {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 2_654_435_761) >>> 13));
  return image({
    format,
    layers: [layer(tar({ path: 'etc/motd', body: 'hello' })), layer(tar({ path: 'noise', body: noise }))],
  });
}

function isSchema1(built: BuiltImage): boolean {
  return built.mediaType.includes('manifest.v1');
}

/** Reads what a pull reads: manifest, config, every layer. */
async function readAll(
  { client, signal }: Asking,
  repository: string,
  tag: string,
  built: BuiltImage,
  mirrored = false,
): Promise<void> {
  const found = await client.manifest(repository, tag, signal);
  assert.equal(found.digest, built.digest);
  // This registry signs schema 1 manifests on each read; their digest excludes the signatures.
  if (!isSchema1(built)) assert.deepEqual(Buffer.from(found.bytes), built.bytes);
  const manifest = parseManifest(found.bytes, found.mediaType);
  if (manifest.kind === 'image') {
    assert.deepEqual(Buffer.from(await client.blobBytes(repository, manifest.config, 1 << 20, signal)), built.config);
  }
  for (const { blob, digest } of built.layers) {
    const sink = new Collected();
    const size = await client.blobSize(repository, digest, signal);
    assert.equal(size, blob.length);
    await client.blobs(repository).read({ mediaType: '', digest, size }, 0, sink, signal);
    assert.deepEqual(sink.bytes, blob);
    const part = await client.blobs(repository).readRange({ mediaType: '', digest, size }, 10, 60, signal);
    // A pull-through mirror that is still fetching the blob doesn't serve parts.
    if (part !== undefined || !mirrored) assert.deepEqual(Buffer.from(part ?? []), blob.subarray(10, 60));
  }
}

describe("Debian's docker-registry", { skip: requireTool('docker-registry', 'htpasswd', 'openssl', 'nginx') }, () => {
  const open: { close(): Promise<void> }[] = [];
  let ca: PrivateCa;
  before(() => void (ca = createPrivateCa()));
  after(async () => {
    for (const each of open.toReversed()) await each.close();
    ca.close();
  });

  async function start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const registry = await startDockerRegistry(options);
    open.push(registry);
    return registry;
  }

  function asking(...parameters: Parameters<typeof ask>): Asking {
    const made = ask(...parameters);
    open.push(made);
    return made;
  }

  it('plain: images of every kind, lists, referrers by tag, what is missing', async () => {
    const registry = await start();
    const by = asking(configOf(registry));
    for (const format of ['oci', 'docker', 'schema1'] as const) {
      const built = demo(format);
      await pushContent(registry, `team/${format}`, built, ['1.0', 'latest']);
      await readAll(by, `team/${format}`, '1.0', built);
      const again = await by.client.manifest(`team/${format}`, built.digest, by.signal);
      assert.equal(again.digest, built.digest);
    }
    const many = index([demo('oci')]);
    await pushContent(registry, 'team/oci', many, 'multi');
    assert.equal(parseManifest((await by.client.manifest('team/oci', 'multi', by.signal)).bytes).kind, 'index');

    const first = await by.client.catalog({ size: 2 }, by.signal);
    assert.deepEqual(first.items, ['team/docker', 'team/oci']);
    assert.deepEqual((await by.client.catalog({ size: 2, last: first.next }, by.signal)).items, ['team/schema1']);
    // Debian's registry sends all tags at once, unsorted, whatever is asked for.
    const tags = await by.client.tags('team/oci', { size: 3 }, by.signal);
    assert.equal(tags.items.length, 3);
    assert.deepEqual(await by.client.tags('team/oci', { last: tags.next }, by.signal), { items: [] });
    assert.deepEqual((await by.client.allTags('team/oci', by.signal)).sort(), ['1.0', 'latest', 'multi']);

    const signature = artifact({ artifactType: 'application/x-signature', files: [], subject: demo('oci').descriptor });
    await pushContent(registry, 'team/oci', signature, []);
    const byTag = index([signature]);
    await pushContent(registry, 'team/oci', byTag, demo('oci').digest.replace(':', '-'));
    const referrers = await by.client.referrers('team/oci', demo('oci').digest, undefined, by.signal);
    assert.deepEqual(
      referrers.map(({ digest }) => digest),
      [signature.digest],
    );
    assert.deepEqual(await by.client.referrers('team/oci', demo('oci').digest, 'application/other', by.signal), []);

    await assert.rejects(
      by.client.manifest('team/oci', 'nope', by.signal),
      error => error instanceof NotFoundError && error.what === 'manifest',
    );
    await assert.rejects(by.client.allTags('nobody/nothing', by.signal), NotFoundError);
    const ping = await by.client.ping(by.signal);
    assert.deepEqual([ping.v2, ping.authentication, ping.catalog], [true, 'none', true]);
  });

  it('suggests library/ for a name without it', async () => {
    const registry = await start();
    await pushContent(registry, 'library/nginx', demo(), 'latest');
    const by = asking(configOf(registry));
    await assert.rejects(
      by.client.manifest('nginx', 'latest', by.signal),
      error =>
        error instanceof NotFoundError &&
        error.suggestion === 'library/nginx' &&
        error.message.includes(`${registry.host}/library/nginx`),
    );
    await assert.rejects(
      by.client.manifest('apache', 'latest', by.signal),
      error => error instanceof NotFoundError && error.suggestion === undefined,
    );
  });

  it('with htpasswd', async () => {
    const registry = await start({ htpasswd: { alice: 's3cret' } });
    const built = demo();
    await pushContent(registry, 'team/app', built, 'latest', PUSHER);
    const stranger = asking(configOf(registry));
    await assert.rejects(stranger.client.manifest('team/app', 'latest', stranger.signal), UnauthorizedError);
    await assert.rejects(stranger.client.catalog({}, stranger.signal), NoCatalogError);
    assert.equal((await stranger.client.ping(stranger.signal)).authentication, 'basic');
    const by = asking(configOf(registry), {}, [new Accounts({ [registry.host]: ALICE })]);
    await readAll(by, 'team/app', 'latest', built);
    assert.deepEqual((await by.client.catalog({}, by.signal)).items, ['team/app']);
  });

  it('with a token server: anonymous, with an account, with an identity token', async () => {
    const registry = await start({ tokens: { isPrivate: name => name.startsWith('private/') } });
    const built = demo();
    for (const repository of ['public/app', 'private/app'])
      await pushContent(registry, repository, built, 'latest', PUSHER);
    const stranger = asking(configOf(registry));
    await readAll(stranger, 'public/app', 'latest', built);
    await assert.rejects(stranger.client.manifest('private/app', 'latest', stranger.signal), UnauthorizedError);
    const ping = await stranger.client.ping(stranger.signal);
    assert.deepEqual(
      [ping.authentication, ping.realm, ping.catalog],
      ['bearer', `${registry.tokenServer?.url}/token`, false],
    );
    const by = asking(configOf(registry), {}, [new Accounts({ [registry.host]: ALICE })]);
    await readAll(by, 'private/app', 'latest', built);
    assert.deepEqual((await by.client.catalog({}, by.signal)).items, ['private/app', 'public/app']);
    const identityToken = registry.tokenServer?.identityToken('alice') ?? '';
    const identified = asking(configOf(registry), {}, [new Accounts({ [registry.host]: { identityToken } })]);
    await readAll(identified, 'private/app', 'latest', built);
  });

  it('with TLS by a private authority, and with client certificates', async () => {
    const registry = await start({ tls: ca.issue() });
    const built = demo();
    await pushContent(registry, 'team/app', built, 'latest', { ca: ca.cert });
    const trusting = asking(configOf(registry, { ca: ca.cert }));
    await readAll(trusting, 'team/app', 'latest', built);
    const bySetting = asking(configOf(registry), { ca: [ca.cert] });
    await readAll(bySetting, 'team/app', 'latest', built);
    const careless = asking(configOf(registry, { insecure: true }));
    await readAll(careless, 'team/app', 'latest', built);
    const strict = asking(configOf(registry));
    await assert.rejects(
      strict.client.manifest('team/app', 'latest', strict.signal),
      error => error instanceof TlsError && /authority/.test(error.message),
    );

    const client = ca.issue({ client: 'peel' });
    const closed = await start({ tls: ca.issue(), clientCaFile: ca.certFile });
    const stranger = createPrivateCa();
    const foreign = stranger.issue({ client: 'peel' });
    stranger.close();
    for (const shown of [{}, { cert: foreign.cert, key: foreign.key }]) {
      const unknown = asking(configOf(closed, { ca: ca.cert, ...shown }));
      await assert.rejects(unknown.client.ping(unknown.signal), ClientCertificateNeededError);
    }
    const known = asking(configOf(closed, { ca: ca.cert, cert: client.cert, key: client.key }));
    assert.equal((await known.client.ping(known.signal)).v2, true);
  });

  it('with a certificate for another name, or an expired one', async () => {
    for (const [identity, reason] of [[ca.issue({ hosts: ['elsewhere.example'] }), /another name/]] as const) {
      const registry = await start({ tls: identity });
      const by = asking(configOf(registry, { ca: ca.cert }));
      await assert.rejects(by.client.ping(by.signal), error => error instanceof TlsError && reason.test(error.message));
    }
  });

  it('asked with the wrong scheme', async () => {
    const secure = await start({ tls: ca.issue() });
    const plainly = asking({ name: secure.host, url: `http://${secure.host}` });
    await assert.rejects(
      plainly.client.ping(plainly.signal),
      error => error instanceof RegistryError && /HTTPS/i.test(error.message),
    );
    const plain = await start();
    const securely = asking({ name: plain.host, url: `https://${plain.host}` });
    await assert.rejects(
      securely.client.ping(securely.signal),
      error => error instanceof TlsError && /speaks no TLS/.test(error.message),
    );
  });

  it('under a path prefix by nginx, whether its links have the prefix or not', async () => {
    const registry = await start();
    const built = demo();
    for (const name of ['a', 'b', 'c']) await pushContent(registry, name, built, ['1', '2', '3']);
    for (const plainLinks of [false, true]) {
      const nginx = await startNginx({ upstream: registry.url, plainLinks });
      open.push(nginx);
      const by = asking({ name: nginx.host, url: nginx.url });
      await readAll(by, 'b', '2', built);
      const first = await by.client.catalog({ size: 2 }, by.signal);
      assert.deepEqual(first.items, ['a', 'b']);
      assert.deepEqual((await by.client.catalog({ size: 2, last: first.next }, by.signal)).items, ['c']);
      assert.deepEqual((await by.client.allTags('a', by.signal)).sort(), ['1', '2', '3']);
      const astray = asking({ name: nginx.host, url: `http://${nginx.host}` });
      await assert.rejects(astray.client.ping(astray.signal), RegistryError);
    }
  });

  it("as a pull-through mirror, one that is down, and one that doesn't have the image", async () => {
    const upstream = await start();
    const built = demo();
    await pushContent(upstream, 'library/app', built, 'latest');
    const mirror = await start({ mirrorOf: { url: upstream.url } });
    const through = asking(configOf(mirror));
    await readAll(through, 'library/app', 'latest', built, true);

    const empty = await start();
    const down = { url: 'http://127.0.0.1:1', host: '127.0.0.1:1' };
    const by = asking(configOf(upstream, { mirrors: [down.url, empty.url, mirror.url] }));
    const found = await by.client.manifest('library/app', 'latest', by.signal);
    assert.equal(found.source, mirror.url, 'the first mirror that has it gives it');
    await readAll(by, 'library/app', 'latest', built, true);
    const alone = asking(configOf(upstream, { mirrors: [down.url, empty.url] }));
    assert.equal((await alone.client.manifest('library/app', 'latest', alone.signal)).source, upstream.url);
    const nowhere = asking(configOf(empty, { mirrors: [down.url] }));
    await assert.rejects(
      nowhere.client.manifest('library/app', 'latest', nowhere.signal),
      error => error instanceof NotFoundError && /Mirrors:.*127\.0\.0\.1:1 refuses/.test(error.message),
    );
  });

  it("that doesn't exist", async () => {
    const by = asking({ name: '127.0.0.1:1', url: 'http://127.0.0.1:1' });
    await assert.rejects(
      by.client.ping(by.signal),
      error => error instanceof RegistryError && error.name === 'ConnectionRefusedError',
    );
    const nameless = asking({ name: 'no-such-host.invalid', url: 'https://no-such-host.invalid' });
    await assert.rejects(
      nameless.client.ping(nameless.signal),
      error => error instanceof RegistryError && error.name === 'UnknownHostError',
    );
  });
});
