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

  it('add a registry that responds, only once, and remove it again', async () => {
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

  it("refuse an address that is invalid, holds a password, or doesn't respond, and store nothing", async () => {
    const before = registries();
    assert.match(await refusal('addRegistry', { url: 'ftp://r.example' }), /http or https/);
    const secret = await refusal('addRegistry', { url: 'https://me:hidden@r.example' });
    assert.match(secret, /Sign In/);
    assert.doesNotMatch(secret, /hidden/);
    assert.match(await refusal('addRegistry', { url: 'http://127.0.0.1:1' }), /refuses connections.*port/);
    assert.match(await refusal('addRegistry', { url: 'https://unknown.invalid' }), /unknown\.invalid/);
    assert.deepEqual(registries(), before);
  });

  it('open an image by any spelling, and remember its repository', async () => {
    const opened = await peel<{ reference: string; digest: string; mediaType: string }>('openImage', {
      reference: `docker pull ${open.host}/demo/hello:latest`,
    });
    assert.equal(opened.reference, `${open.host}/demo/hello:latest`);
    assert.match(opened.digest, SHA256);
    assert.equal(opened.digest, open.store.manifest('demo/hello', 'latest')?.digest);
    assert.equal(opened.mediaType, open.store.manifest('demo/hello', 'latest')?.mediaType);
  });

  it('list all tags across many pages, newest version first', async () => {
    const tags = await peel<string[]>('listTags', { repository: `${open.host}/demo/nightly` });
    assert.equal(tags.length, 121);
    assert.deepEqual(tags.slice(0, 2), ['latest', '2024-04-29']);
  });

  it("show the index, a platform's manifest and its config as read-only JSON documents", async () => {
    const reference = `${open.host}/demo/hello:latest`;
    const index = await peel<vscode.Uri>('showManifest', { reference });
    assert.ok(Array.isArray((await jsonOf(index))['manifests']));
    const manifest = await jsonOf(await peel<vscode.Uri>('showManifest', { reference, platform: 'linux/arm64' }));
    assert.ok(Array.isArray(manifest['layers']));
    const config = await jsonOf(await peel<vscode.Uri>('showConfig', { reference, platform: 'linux/arm64' }));
    assert.equal(config['architecture'], 'arm64');
    assert.equal(vscode.workspace.fs.isWritableFileSystem(index.scheme), undefined);
  });

  it('read schema 1', async () => {
    const uri = await peel<vscode.Uri>('showManifest', { reference: `${open.host}/library/busybox:v1` });
    assert.equal((await jsonOf(uri))['schemaVersion'], 1);
  });

  it('report what is wrong with a reference, a tag, a platform or a host', async () => {
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

  it('sign in only with a valid account, and sign out', async () => {
    const registry = closed.host;
    const reference = `${registry}/demo/hello:latest`;
    assert.match(await refusal('openImage', { reference }), /Sign in to/);
    const wrong = await refusal('signIn', { registry, username: 'alice', password: 'wrong-one' });
    assert.match(wrong, /refused the user name or password.*sign in again/);
    assert.doesNotMatch(wrong, /wrong-one/);
    assert.match(await refusal('openImage', { reference }), /Sign in to/, 'a refused account is not kept');
    // An address works as well as the name.
    await peel('signIn', { registry: `${closed.url}/`, username: 'alice', password: 's3cret' });
    assert.match((await peel<{ digest: string }>('openImage', { reference })).digest, SHA256);
    await peel('signOut', { registry: closed.url });
    assert.match(await refusal('openImage', { reference }), /Sign in to/);
  });

  it('copy the requests as lines for a terminal, without accounts', async () => {
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
