import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { jsonOf, peel, refusal, SHA256 } from './commands.ts';

describe('commands for registries', () => {
  let open: Registry;
  let closed: Registry;

  before(async () => {
    open = await startRegistry();
    fillDemo(open);
    closed = await startRegistry({ store: open.store, access: { scheme: 'bearer', tokens: { anonymousPull: false } } });
  });
  after(async () => {
    await Promise.all([open.close(), closed.close()]);
    await vscode.workspace.getConfiguration('peel').update('registries', undefined, vscode.ConfigurationTarget.Global);
  });

  const registries = (): { name: string; url: string }[] =>
    vscode.workspace.getConfiguration('peel').get('registries', []);

  it('adds a registry that answers, once, and takes it out again', async () => {
    await peel('addRegistry', { url: open.host });
    await peel('addRegistry', { url: `${open.url}/v2/`, mirrors: [] });
    const added = registries().filter(({ name }) => name === open.host);
    assert.deepEqual(added, [{ name: open.host, url: open.url }]);
    assert.ok(
      registries().some(({ name }) => name === 'docker.io'),
      'the defaults stay',
    );
    await peel('removeRegistry', { registry: `${open.url}/v2/` });
    assert.deepEqual(
      registries().filter(({ name }) => name === open.host),
      [],
    );
  });

  it('refuses an address that is none, holds a password, or does not answer, and keeps nothing of it', async () => {
    const before = registries();
    assert.match(await refusal('addRegistry', { url: 'ftp://r.example' }), /http or https/);
    const secret = await refusal('addRegistry', { url: 'https://me:hidden@r.example' });
    assert.match(secret, /Sign In/);
    assert.doesNotMatch(secret, /hidden/);
    assert.match(await refusal('addRegistry', { url: 'http://127.0.0.1:1' }), /refuses connections.*port/);
    assert.match(await refusal('addRegistry', { url: 'https://unknown.invalid' }), /unknown\.invalid/);
    assert.deepEqual(registries(), before);
  });

  it('opens an image by any spelling, and remembers its repository', async () => {
    const opened = await peel<{ reference: string; digest: string; mediaType: string }>('openImage', {
      reference: `docker pull ${open.host}/demo/hello:latest`,
    });
    assert.equal(opened.reference, `${open.host}/demo/hello:latest`);
    assert.match(opened.digest, SHA256);
    assert.equal(opened.digest, open.store.manifest('demo/hello', 'latest')?.digest);
    assert.equal(opened.mediaType, open.store.manifest('demo/hello', 'latest')?.mediaType);
  });

  it('lists all tags over many pages, the newest version first', async () => {
    const tags = await peel<string[]>('listTags', { repository: `${open.host}/demo/nightly` });
    assert.equal(tags.length, 121);
    assert.deepEqual(tags.slice(0, 2), ['latest', '2024-04-29']);
  });

  it('shows the index, the manifest of a platform and its config as JSON documents that cannot be changed', async () => {
    const reference = `${open.host}/demo/hello:latest`;
    const index = await peel<vscode.Uri>('showManifest', { reference });
    assert.ok(Array.isArray((await jsonOf(index))['manifests']));
    const manifest = await jsonOf(await peel<vscode.Uri>('showManifest', { reference, platform: 'linux/arm64' }));
    assert.ok(Array.isArray(manifest['layers']));
    const config = await jsonOf(await peel<vscode.Uri>('showConfig', { reference, platform: 'linux/arm64' }));
    assert.equal(config['architecture'], 'arm64');
    assert.equal(vscode.workspace.fs.isWritableFileSystem(index.scheme), undefined);
  });

  it('reads schema 1', async () => {
    const uri = await peel<vscode.Uri>('showManifest', { reference: `${open.host}/library/busybox:v1` });
    assert.equal((await jsonOf(uri))['schemaVersion'], 1);
  });

  it('says what is wrong with a reference, a tag, a platform and a host', async () => {
    assert.match(await refusal('openImage', { reference: 'UPPER/Case' }), /UPPER\/Case/);
    assert.match(
      await refusal('openImage', { reference: `${open.host}/demo/hello:none` }),
      /does not have manifest none of demo\/hello/,
    );
    const platform = await refusal('showConfig', {
      reference: `${open.host}/demo/hello:latest`,
      platform: 'linux/s390x',
    });
    assert.match(platform, /nothing for linux\/s390x.*linux\/arm64/);
    assert.match(await refusal('openImage', { reference: '127.0.0.1:1/a' }), /127\.0\.0\.1:1 refuses connections/);
    assert.match(await refusal('openImage', { reference: 7 }), /"reference"/);
  });

  it('signs in with an account that is taken, and with no other, and signs out', async () => {
    const registry = closed.host;
    const reference = `${registry}/demo/hello:latest`;
    assert.match(await refusal('openImage', { reference }), /Sign in to/);
    const wrong = await refusal('signIn', { registry, username: 'alice', password: 'wrong-one' });
    assert.match(wrong, /refused the user name or password.*sign in again/);
    assert.doesNotMatch(wrong, /wrong-one/);
    assert.match(await refusal('openImage', { reference }), /Sign in to/, 'a refused account is not kept');
    // An address will do as well as the name.
    await peel('signIn', { registry: `${closed.url}/`, username: 'alice', password: 's3cret' });
    assert.match((await peel<{ digest: string }>('openImage', { reference })).digest, SHA256);
    await peel('signOut', { registry: closed.url });
    assert.match(await refusal('openImage', { reference }), /Sign in to/);
  });

  it('copies the steps as lines for a terminal, without accounts', async () => {
    await peel('signIn', { registry: closed.host, username: 'alice', password: 's3cret' });
    const text = await peel<string>('copyCurl', { reference: `${closed.host}/demo/hello:latest` });
    assert.equal(await vscode.env.clipboard.readText(), text);
    assert.doesNotMatch(text, /s3cret|alice/);
    for (const part of [
      /^TOKEN=\$\(curl /m,
      /\/manifests\//,
      /\/blobs\/sha256:/,
      /^mkdir -p layers\/1 /m,
      /sudo mount -t overlay/,
    ])
      assert.match(text, part);
    const one = await peel<string>('copyCurl', { reference: `${closed.host}/demo/hello:latest`, layer: 1 });
    assert.doesNotMatch(one, /mount|layers\/2/);
    await peel('signOut', { registry: closed.host });
  });
});
