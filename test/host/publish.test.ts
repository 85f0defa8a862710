import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { artifact, image, index, layer } from '../support/image.ts';
import { writeLayout } from '../support/layout.ts';
import { pushContent, Pusher } from '../support/push.ts';
import { startDockerRegistry, type DockerRegistry } from '../support/servers/dockerRegistry.ts';
import { tempFolder, type TempFolder } from '../support/servers/process.ts';
import { file } from '../support/tar.ts';
import { requireTool } from '../support/tools.ts';
import { peel, refusal, workspaceFolder } from './commands.ts';

interface Written {
  readonly reference: string;
  readonly digest: string;
}

describe('writing to registries', () => {
  const amd64 = image({ layers: [layer([file('etc/motd', 'hello\n')])] });
  const arm64 = image({
    layers: [layer([file('etc/motd', 'hello, arm\n')])],
    platform: { os: 'linux', architecture: 'arm64' },
  });
  const many = index([amd64, arm64]);
  const sbom = artifact({
    artifactType: 'application/spdx+json',
    files: [{ name: 'sbom.json', bytes: Buffer.from('{}') }],
    subject: many.descriptor,
  });
  let source: DockerRegistry;
  let target: DockerRegistry;
  let closed: DockerRegistry;
  let scratch: TempFolder;

  before(async function () {
    if (requireTool('docker-registry')) this.skip();
    source = await startDockerRegistry();
    target = await startDockerRegistry();
    closed = await startDockerRegistry({ withoutDeletion: true, tokens: {} });
    scratch = tempFolder('host-publish');
    await pushContent(source, 'team/many', many, ['1', 'latest']);
    await pushContent(source, 'team/one', amd64, 'amd64');
  });
  after(async () => {
    await Promise.all([source?.close(), target?.close(), closed?.close()]);
    scratch?.remove();
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
  });

  async function stored(registry: DockerRegistry, repository: string, version: string): Promise<Buffer> {
    const pusher = new Pusher(registry, { user: 'alice', password: 's3cret' });
    try {
      return (await pusher.read(repository, `manifests/${version}`)).bytes;
    } finally {
      await pusher.close();
    }
  }

  it('push a pulled folder, and a layout with all its platforms', async () => {
    const pulled = await peel<{ folder: string; digest: string }>('pullImage', {
      reference: `${source.host}/team/one:amd64`,
    });
    const reference = `${target.host}/pushed/one:1`;
    assert.deepEqual(await peel<Written>('pushImage', { folder: pulled.folder, reference }), {
      reference,
      digest: amd64.digest,
    });
    assert.deepEqual(await stored(target, 'pushed/one', '1'), amd64.bytes);

    const layout = join(scratch.path, 'layout');
    writeLayout(layout, many, 'x');
    const written = await peel<Written>('pushImage', { folder: layout, reference: `${target.host}/pushed/many:2` });
    assert.equal(written.digest, many.digest);
    assert.deepEqual(await stored(target, 'pushed/many', '2'), many.bytes);
    assert.deepEqual(await peel('listTags', { repository: `${target.host}/pushed/many` }), ['2']);
  });

  it('push with an account only, and say so', async () => {
    const layout = join(scratch.path, 'layout-1');
    writeLayout(layout, amd64, 'x');
    const push = { folder: layout, reference: `${closed.host}/team/app:1` };
    assert.match(await refusal('pushImage', push), /asks for an account that may push to it.*Sign in to/);
    await peel('signIn', { registry: closed.host, username: 'alice', password: 's3cret' });
    assert.equal((await peel<Written>('pushImage', push)).digest, amd64.digest);
  });

  it('refuse a digest, a missing folder and a folder as a target', async () => {
    const folder = join(scratch.path, 'layout');
    const byDigest = `${target.host}/pushed/many@${many.digest}`;
    assert.match(await refusal('pushImage', { folder, reference: byDigest }), /has a tag instead of a digest/);
    const nowhere = join(scratch.path, 'nowhere');
    assert.match(await refusal('pushImage', { folder: nowhere, reference: `${target.host}/a/b:1` }), /nowhere/);
    const opened = await peel<{ registry: string; references: string[] }>('openLocal', { folder });
    const reference = opened.references[0] ?? '';
    assert.match(await refusal('tagImage', { reference, tag: 'y' }), /on this machine, which Peel doesn't change/);
  });

  it('copy all platforms or one, with what is attached if asked', async () => {
    const layout = join(scratch.path, 'sbom');
    writeLayout(layout, sbom, 'sbom');
    await peel('pushImage', { folder: layout, reference: `${source.host}/team/many:sbom` });
    const from = `${source.host}/team/many:1`;
    const all = await peel<Written>('copyImage', { source: from, target: `${target.host}/copied/all:1` });
    assert.deepEqual(all, { reference: `${target.host}/copied/all:1`, digest: many.digest });
    assert.deepEqual(await stored(target, 'copied/all', '1'), many.bytes);
    await assert.rejects(stored(target, 'copied/all', sbom.digest));
    const one = await peel<Written>('copyImage', {
      source: from,
      target: `${target.host}/copied/one:1`,
      platform: 'linux/arm64',
    });
    assert.equal(one.digest, arm64.digest);
    assert.deepEqual(await stored(target, 'copied/one', '1'), arm64.bytes);
    await peel('copyImage', { source: from, target: `${target.host}/copied/all:2`, referrers: true });
    assert.deepEqual(await stored(target, 'copied/all', sbom.digest), sbom.bytes);
  });

  it('tag what is there', async () => {
    const reference = `${target.host}/copied/all:1`;
    assert.deepEqual(await peel<Written>('tagImage', { reference, tag: 'stable' }), {
      reference: `${target.host}/copied/all:stable`,
      digest: many.digest,
    });
    assert.deepEqual(await stored(target, 'copied/all', 'stable'), many.bytes);
    assert.match(await refusal('tagImage', { reference, tag: 'not a tag' }), /a tag has letters/);
    assert.match(
      await refusal('tagImage', { reference: `${target.host}/copied/all:none`, tag: 'x' }),
      /does not have manifest none/,
    );
  });

  it('delete nothing that was not named, and say where deletion is off', async () => {
    const reference = `${target.host}/copied/all:stable`;
    const message = await refusal('deleteTag', { reference });
    assert.match(message, /can't delete the tag stable alone: 1, 2 of copied\/all would go with it/);
    assert.match(await refusal('deleteTag', { reference, alsoDelete: ['1'] }), /alone: 2 of copied/);
    assert.deepEqual(await stored(target, 'copied/all', 'stable'), many.bytes);
    const { deleted } = await peel<{ deleted: string[] }>('deleteTag', { reference, alsoDelete: ['1', '2'] });
    assert.deepEqual(deleted, ['stable', '1', '2']);
    await assert.rejects(stored(target, 'copied/all', '1'));
    assert.match(await refusal('deleteTag', { reference }), /does not have manifest stable/);
    assert.match(
      await refusal('deleteTag', { reference: `${closed.host}/team/app:1` }),
      /deletes no images this way.*REGISTRY_STORAGE_DELETE_ENABLED/,
    );
  });
});
