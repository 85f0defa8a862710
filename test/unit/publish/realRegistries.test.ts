import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UnauthorizedError } from '../../../src/registry/errors.ts';
import { artifact, image, index, layer } from '../../support/image.ts';
import { writeLayout } from '../../support/layout.ts';
import { pushContent } from '../../support/push.ts';
import { skopeo } from '../../support/run.ts';
import { sha256 } from '../../support/registry/store.ts';
import {
  type DockerRegistry,
  type DockerRegistryOptions,
  startDockerRegistry,
} from '../../support/servers/dockerRegistry.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { type TempFolder, tempFolder } from '../../support/servers/process.ts';
import { tar } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';
import { ALICE, assertStored, local, publish, PUSHER, reach, type Reached } from './publishing.ts';

const noise = randomBytes(300_000);
const gzip = layer(tar({ path: 'etc/motd', body: 'hello' }));
const zstd = layer(tar({ path: 'noise', body: noise }), { compression: 'zstd' });
const plain = layer(tar({ path: 'plain', body: noise.subarray(0, 9000) }), { compression: 'none' });
const amd64 = image({ layers: [gzip, zstd, plain] });
const arm64 = image({ layers: [gzip, zstd], platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
const many = index([amd64, arm64]);
const docker = image({ format: 'docker', layers: [gzip, layer(tar({ path: 'more', body: noise }))] });

const skip = requireTool('docker-registry', 'skopeo', 'nginx', 'openssl');

describe("publishing to Debian's docker-registry", { skip }, () => {
  const open: { close(): unknown }[] = [];
  let scratch: TempFolder;
  before(() => void (scratch = tempFolder('publish')));
  after(async () => {
    for (const each of open.toReversed()) await each.close();
    scratch.remove();
  });

  async function start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const registry = await startDockerRegistry(options);
    open.push(registry);
    return registry;
  }

  function reached(...parameters: Parameters<typeof reach>): Reached {
    const made = reach(...parameters);
    open.push(made);
    return made;
  }

  /** Has skopeo read everything below a reference, verified, and returns the top document. */
  async function readBySkopeo(reference: string, ...more: readonly string[]): Promise<Buffer> {
    const folder = join(scratch.path, `read-${randomBytes(4).toString('hex')}`);
    const args = ['copy', '-q', '--all', '--preserve-digests', '--src-tls-verify=false', ...more];
    await skopeo([...args, `docker://${reference}`, `dir:${folder}`], scratch.path);
    return readFileSync(join(folder, 'manifest.json'));
  }

  it('an index with gzip, zstd and plain layers arrives byte for byte, and skopeo reads it', async () => {
    const registry = await start();
    const to = reached(registry);
    const folder = join(scratch.path, 'many');
    writeLayout(folder, many, '1');
    const { size } = await publish(await local(folder), '1', to, { repository: 'team/many', tag: '2' });
    const blobs = new Map([...amd64.blobs, ...arm64.blobs].map(blob => [sha256(blob), blob.length]));
    assert.equal(
      size,
      [...blobs.values()].reduce((sum, length) => sum + length, 0),
      'each blob counts once',
    );
    await assertStored(registry, 'team/many', '2', many);
    assert.deepEqual(await readBySkopeo(`${registry.host}/team/many:2`), many.bytes);
    // Nothing is sent twice.
    const again = await publish(await local(folder), '1', to, { repository: 'team/many', tag: '3' });
    assert.equal(again.size, 0);
    await assertStored(registry, 'team/many', '3', many);
  });

  it('schema 2 and archives of skopeo arrive as they are', async () => {
    const registry = await start();
    const to = reached(registry);
    await pushContent(registry, 'from/docker', docker, '1');
    const from = { source: to.client, repository: 'from/docker' };
    await publish(from, '1', to, { repository: 'to/docker', tag: '1' });
    await assertStored(registry, 'to/docker', '1', docker);
    assert.deepEqual(await readBySkopeo(`${registry.host}/to/docker:1`), docker.bytes);

    for (const format of ['oci-archive', 'docker-archive']) {
      const archive = join(scratch.path, `${format}.tar`);
      const source = `docker://${registry.host}/from/docker:1`;
      await skopeo(['copy', '-q', '--src-tls-verify=false', source, `${format}:${archive}:image:1`], scratch.path);
      const opened = await local(archive);
      const { content } = await publish(opened, '1', to, { repository: `to/${format}`, tag: 'x' });
      assert.deepEqual(await readBySkopeo(`${registry.host}/to/${format}:x`), Buffer.from(content.root.bytes));
      const config = /"digest":"(sha256:[0-9a-f]+)"/.exec(Buffer.from(content.root.bytes).toString())?.[1];
      if (format === 'docker-archive') assert.equal(config, sha256(docker.config), 'the image ID is the same');
    }
  });

  it('a token server grants pull and push, mounts name both repositories, and nothing is anonymous', async () => {
    const registry = await start({ tokens: { isPrivate: name => name.startsWith('private/') } });
    await pushContent(registry, 'team/base', amd64, '1', PUSHER);
    const grants = registry.tokenServer?.grants ?? [];
    const alice = reached(registry, { account: ALICE });
    const from = { source: alice.client, repository: 'team/base' };
    await publish(from, '1', alice, { repository: 'private/app', tag: '1' }, { mountFrom: 'team/base' });
    await assertStored(registry, 'private/app', '1', amd64, PUSHER);
    const mounting = grants.filter(
      ({ scopes }) => scopes.includes('repository:team/base:pull') && scopes.includes('repository:private/app:push'),
    );
    assert.ok(mounting.length > 0);
    for (const { scopes } of mounting) assert.equal(scopes[0], 'repository:private/app:pull');
    assert.equal(alice.log.lines.filter(line => line.includes("doesn't mount")).length, 0);

    const before = grants.length;
    const anonymous = reached(registry);
    await assert.rejects(publish(from, '1', anonymous, { repository: 'team/other', tag: '1' }), (error: unknown) => {
      assert.ok(error instanceof UnauthorizedError);
      assert.match(error.message, /team\/other asks for an account that may push to it.*Sign in/);
      return true;
    });
    const wrong = reached(registry, { account: { username: 'alice', password: 'wr0ng' } });
    await assert.rejects(publish(from, '1', wrong, { repository: 'team/other', tag: '1' }), (error: unknown) => {
      assert.ok(error instanceof UnauthorizedError);
      assert.match(error.message, /may push to it \(its token server doesn't accept the account\)/);
      assert.doesNotMatch(error.message, /wr0ng/);
      return true;
    });
    const later = grants
      .slice(before)
      .filter(({ user, scopes }) => user === '' && scopes.some(one => /push/.test(one)));
    assert.deepEqual(later, [], 'no anonymous token may push');
    assert.equal(await alice.writer.digestOf('team/other', '1', alice.signal), undefined);
  });

  it('with a password file', async () => {
    const registry = await start({ htpasswd: { alice: 's3cret' } });
    const folder = join(scratch.path, 'single');
    writeLayout(folder, amd64, '1');
    const source = await local(folder);
    await publish(source, '1', reached(registry, { account: ALICE }), { repository: 'team/app', tag: '1' });
    await assertStored(registry, 'team/app', '1', amd64, PUSHER);
    await assert.rejects(
      publish(source, '1', reached(registry), { repository: 'team/app', tag: '2' }),
      UnauthorizedError,
    );
  });

  it('behind nginx with a path prefix, whose Location is absolute', async () => {
    const registry = await start();
    const nginx = await startNginx({ upstream: registry.url });
    open.push(nginx);
    const to = reached(nginx);
    await pushContent(registry, 'team/base', amd64, '1');
    const from = { source: to.client, repository: 'team/base' };
    const { size } = await publish(from, '1', to, { repository: 'team/app', tag: '1' });
    assert.ok(size > noise.length);
    await assertStored(nginx, 'team/app', '1', amd64);
  });

  it('a copy from one registry to another brings referrers and digest tags, and keeps what is there', async () => {
    const [source, target] = [await start(), await start()];
    const from = reached(source);
    const to = reached(target);
    const files = (text: string): { name: string; bytes: Buffer }[] => [{ name: 'x', bytes: Buffer.from(text) }];
    const sbom = artifact({ artifactType: 'application/spdx+json', files: files('sbom'), subject: many.descriptor });
    const signed = artifact({ artifactType: 'test/signature', files: files('sig'), subject: sbom.descriptor });
    const onChild = artifact({ artifactType: 'test/child', files: files('child'), subject: arm64.descriptor });
    const cosign = image({ layers: [gzip], config: { Labels: { of: 'many' } } });
    const attached = { attached: true };

    const folder = join(scratch.path, 'with-referrers');
    writeLayout(folder, many, '1');
    await publish(await local(folder), '1', from, { repository: 'a/many', tag: '1' });
    for (const [at, one] of [sbom, signed, onChild].entries()) {
      const layout = join(scratch.path, `referrer-${at}`);
      writeLayout(layout, one, 'r');
      await publish(await local(layout), 'r', from, { repository: 'a/many', tag: `r${at}` });
    }
    await pushContent(source, 'a/many', cosign, `${many.digest.replace(':', '-')}.sig`);
    const listed = await from.client.referrers('a/many', many.digest, undefined, from.signal);
    assert.deepEqual(
      listed.map(({ digest, artifactType }) => [digest, artifactType]),
      [[sbom.digest, 'application/spdx+json']],
      'the registry has no referrers API, so the publisher lists them itself',
    );

    // The target already has a referrer of its own.
    const own = artifact({ artifactType: 'test/own', files: files('own'), subject: many.descriptor });
    const layout = join(scratch.path, 'own');
    writeLayout(layout, own, 'r');
    await publish(await local(layout), 'r', to, { repository: 'b/many', tag: 'own' });

    await publish({ source: from.client, repository: 'a/many' }, '1', to, { repository: 'b/many', tag: 'x' }, attached);
    await assertStored(target, 'b/many', 'x', many);
    await assertStored(target, 'b/many', `${many.digest.replace(':', '-')}.sig`, cosign);
    for (const [digest, expected] of [
      [many.digest, [own.digest, sbom.digest]],
      [sbom.digest, [signed.digest]],
      [arm64.digest, [onChild.digest]],
    ] as const) {
      const found = await to.client.referrers('b/many', digest, undefined, to.signal);
      assert.deepEqual(
        found.map(one => one.digest),
        expected,
      );
    }
    for (const one of [sbom, signed, onChild]) await assertStored(target, 'b/many', one.digest, one);
    // The same again changes nothing.
    await publish({ source: from.client, repository: 'a/many' }, '1', to, { repository: 'b/many', tag: 'x' }, attached);
    assert.equal((await to.client.referrers('b/many', many.digest, undefined, to.signal)).length, 2);
  });
});
