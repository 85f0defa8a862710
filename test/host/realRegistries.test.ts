import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, layer } from '../support/image.ts';
import { createPrivateCa, type PrivateCa } from '../support/privateCa.ts';
import { pushContent, type PushOptions } from '../support/push.ts';
import { startRegistry } from '../support/registry/registry.ts';
import {
  startDockerRegistry,
  type DockerRegistry,
  type DockerRegistryOptions,
} from '../support/servers/dockerRegistry.ts';
import { tempFolder } from '../support/servers/process.ts';
import { startSquid } from '../support/servers/squid.ts';
import { file } from '../support/tar.ts';
import { requireTool } from '../support/tools.ts';
import { peel, refusal, until, workspaceFolder } from './commands.ts';

const ALICE = { username: 'alice', password: 's3cret' };
const PUSHER = { user: 'alice', password: 's3cret' };
const HTPASSWD = { htpasswd: { alice: 's3cret' } };
/** A name that only the proxy can resolve, which proves that a request went through the proxy. */
const BEHIND_PROXY = 'registry.behind-the-proxy.test';

interface Pulled {
  readonly folder: string;
  readonly digest: string;
}

describe('real registries, from the editor', () => {
  const built = image({ layers: [layer([file('etc/motd', 'hello from a real registry\n')])] });
  const open: { close(): void | Promise<void> }[] = [];
  let ca: PrivateCa;

  before(function () {
    if (requireTool('docker-registry', 'htpasswd', 'openssl', 'squid')) this.skip();
    ca = createPrivateCa();
  });
  beforeEach(() => set('peel', 'registries', []));
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
  });
  after(async () => {
    await set('peel', 'registries', undefined);
    ca?.close();
  });

  async function set(section: string, key: string, value: unknown): Promise<void> {
    await vscode.workspace.getConfiguration(section).update(key, value, vscode.ConfigurationTarget.Global);
  }

  /** A registry with one image, `team/app:1`, that has not been pulled before. */
  async function start(options: DockerRegistryOptions, pushing: PushOptions = {}): Promise<DockerRegistry> {
    const registry = await startDockerRegistry(options);
    open.push(registry);
    await pushContent(registry, 'team/app', built, '1', pushing);
    return registry;
  }

  /** Pulls everything again, into an empty folder. */
  async function pull(reference: string): Promise<void> {
    await peel('cleanCache');
    const pulled = await peel<Pulled>('pullImage', { reference });
    assert.equal(pulled.digest, built.digest);
    assert.equal(readFileSync(join(pulled.folder, 'layers/1/etc/motd'), 'utf8'), 'hello from a real registry\n');
    rmSync(pulled.folder, { recursive: true });
  }

  /** Writes a file into the home folder until the test ends. */
  function atHome(path: string, text: string): void {
    const target = join(homedir(), path);
    assert.ok(!existsSync(target), `${target} is there already`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    open.push({ close: () => rmSync(target) });
  }

  for (const [kind, options] of [
    ['a password file', HTPASSWD],
    ['a token server', { tokens: { anonymousPull: false } }],
  ] as const) {
    it(`with ${kind} accept a valid account, no other, and none after signing out`, async () => {
      const registry = await start(options, PUSHER);
      const reference = `${registry.host}/team/app:1`;
      assert.match(await refusal('pullImage', { reference }), /asks for an account.*Sign in to/);
      const wrong = await refusal('signIn', { registry: registry.host, ...ALICE, password: 'wr0ng' });
      assert.match(wrong, /refused the user name or password/);
      assert.doesNotMatch(wrong, /wr0ng/);
      assert.match(await refusal('pullImage', { reference }), /Sign in to/, 'a wrong account is not kept');
      await peel('signIn', { registry: registry.host, ...ALICE });
      await pull(reference);
      await peel('signOut', { registry: registry.host });
      assert.match(await refusal('pullImage', { reference }), /Sign in to/);
    });
  }

  it('accept the accounts stored by `docker login`', async () => {
    const registry = await start(HTPASSWD, PUSHER);
    const auth = Buffer.from('alice:s3cret').toString('base64');
    atHome('.docker/config.json', JSON.stringify({ auths: { [registry.host]: { auth } } }));
    await pull(`${registry.host}/team/app:1`);
    await set('peel', 'credentials.dockerConfig', false);
    open.push({ close: () => set('peel', 'credentials.dockerConfig', undefined) });
    assert.match(await refusal('pullImage', { reference: `${registry.host}/team/app:1` }), /Sign in to/);
  });

  it('accept the accounts stored by `podman login`, also for only part of a registry', async () => {
    const registry = await start({ tokens: { anonymousPull: false } }, PUSHER);
    const auth = Buffer.from('alice:s3cret').toString('base64');
    atHome('.config/containers/auth.json', JSON.stringify({ auths: { [`${registry.host}/team`]: { auth } } }));
    await pushContent(registry, 'other/app', built, '1', PUSHER);
    await pull(`${registry.host}/team/app:1`);
    assert.match(await refusal('pullImage', { reference: `${registry.host}/other/app:1` }), /Sign in to/);
  });

  it('use a credential helper', async () => {
    const registry = await start(HTPASSWD, PUSHER);
    const folder = tempFolder('helper');
    const asked = join(folder.path, 'asked');
    const answer = JSON.stringify({ ServerURL: registry.host, Username: 'alice', Secret: 's3cret' });
    const script = `#!/bin/sh\n[ "$1" = get ] || exit 1\ncat >> '${asked}'\necho '${answer}'\n`;
    writeFileSync(join(folder.path, 'docker-credential-peel-test'), script, { mode: 0o755 });
    const path = env['PATH'] ?? '';
    env['PATH'] = `${folder.path}:${path}`;
    open.push({ close: () => folder.remove() }, { close: () => void (env['PATH'] = path) });
    atHome('.docker/config.json', JSON.stringify({ credHelpers: { [registry.host]: 'peel-test' } }));
    await pull(`${registry.host}/team/app:1`);
    assert.match(readFileSync(asked, 'utf8'), new RegExp(`^${registry.host}`));
  });

  it('with a certificate of a private authority report it, and are trusted by that authority’s file or by `insecure`', async () => {
    const registry = await start({ tls: ca.issue() }, { ca: ca.cert });
    const url = registry.url;
    const refused = await refusal('addRegistry', { url });
    assert.match(refused, /certificate is from an unknown authority.*"ca".*certs\.d/);
    await peel('addRegistry', { url, ca: ca.certFile });
    await pull(`${registry.host}/team/app:1`);
    await peel('removeRegistry', { registry: registry.host });
    assert.match(await refusal('openImage', { reference: `https://${registry.host}/v2/team/app/manifests/1` }), /./);
    await peel('addRegistry', { url, insecure: true });
    await pull(`${registry.host}/team/app:1`);
  });

  it('that require a client certificate get the one in certs.d', async () => {
    const registry = await startDockerRegistry({ tls: ca.issue(), clientCaFile: ca.certFile });
    open.push(registry);
    const refused = await refusal('addRegistry', { url: registry.url, ca: ca.certFile });
    assert.match(refused, /wants a client certificate.*"cert" and "key".*certs\.d/);
    const client = ca.issue({ client: 'somebody' });
    const files = tempFolder('client');
    open.push({ close: () => files.remove() });
    const [cert, key] = [join(files.path, 'client.pem'), join(files.path, 'client.key')];
    writeFileSync(cert, client.cert);
    writeFileSync(key, client.key);
    await peel('addRegistry', { url: registry.url, ca: ca.certFile, cert, key });
    await peel('removeRegistry', { registry: registry.url });
    const folder = `.config/containers/certs.d/${registry.host}`;
    open.push({ close: () => rmSync(join(homedir(), folder), { recursive: true, force: true }) });
    atHome(`${folder}/ca.crt`, ca.cert);
    atHome(`${folder}/client.cert`, client.cert);
    atHome(`${folder}/client.key`, client.key);
    await peel('addRegistry', { url: registry.url });
    const missing = await refusal('openImage', { reference: `${registry.host}/team/app:1` });
    assert.match(missing, /does not have/, 'it answers now');
  });

  it('behind a proxy are reached by the editor’s `http.proxy`, except for hosts in `http.noProxy`', async () => {
    const registry = await start({});
    const port = new URL(registry.url).port;
    const squid = await startSquid(undefined, [BEHIND_PROXY]);
    open.push(squid);
    const url = `http://${BEHIND_PROXY}:${port}`;
    const reference = `${BEHIND_PROXY}:${port}/team/app:1`;
    await set('peel', 'registries', [{ url, insecure: true }]);
    assert.match(await refusal('pullImage', { reference }), /No address is known/);
    open.push({ close: () => set('http', 'proxy', undefined) });
    await set('http', 'proxy', squid.url);
    await pull(reference);
    await squid.logged(({ target }) => target.startsWith(`${url}/v2/team/app/manifests/`));
    // Worker threads use it, too.
    await squid.logged(({ target }) => target.startsWith(`${url}/v2/team/app/blobs/`));
    const local = await start({});
    await pull(`${local.host}/team/app:1`);
    assert.ok(!squid.requests().some(({ target }) => target.includes(local.host)), 'never for this machine');
    open.push({ close: () => set('http', 'noProxy', undefined) });
    await set('http', 'noProxy', ['.behind-the-proxy.test']);
    assert.match(await refusal('openImage', { reference }), /No address is known/);
  });

  it('are pulled from through a mirror, and directly if the mirror is gone', async () => {
    const origin = await startRegistry();
    open.push(origin);
    origin.store.put('team/app', built, '1');
    const mirror = await startDockerRegistry({ mirrorOf: { url: origin.url } });
    open.push(mirror);
    await set('peel', 'registries', [{ url: origin.url, mirrors: [mirror.url] }]);
    await pull(`${origin.host}/team/app:1`);
    assert.ok(origin.requests.length > 0);
    assert.ok(
      origin.requests.every(({ headers }) => !headers['user-agent']?.startsWith('peel/')),
      'only the mirror asked the registry',
    );
    await mirror.close();
    await pull(`${origin.host}/team/app:1`);
    assert.ok(origin.requests.some(({ headers }) => headers['user-agent']?.startsWith('peel/')));
  });

  it('that have an image only below `library/` say so', async () => {
    const registry = await start({});
    await pushContent(registry, 'library/tool', built, 'latest');
    const said = await refusal('openImage', { reference: `${registry.host}/tool` });
    assert.match(said, new RegExp(`It does have library/tool: write ${registry.host}/library/tool`));
    assert.equal(
      (await peel<{ digest: string }>('openImage', { reference: `${registry.host}/library/tool` })).digest,
      built.digest,
    );
  });

  it('are shown by a name that is not valid in references, and signed in to by that name', async () => {
    const registry = await start(HTPASSWD, PUSHER);
    await peel('addRegistry', { url: registry.url, name: 'Company mirror' });
    const listed = vscode.workspace.getConfiguration('peel').get('registries');
    assert.deepEqual(listed, [{ name: 'Company mirror', url: registry.url }]);
    await peel('signIn', { registry: 'Company mirror', ...ALICE });
    await pull(`${registry.host}/team/app:1`);
    await peel('signOut', { registry: 'Company mirror' });
    await until(async () =>
      (await refusal('pullImage', { reference: `${registry.host}/team/app:1` })) ? true : undefined,
    );
    await peel('removeRegistry', { registry: 'Company mirror' });
    assert.deepEqual(vscode.workspace.getConfiguration('peel').get('registries'), []);
  });
});
