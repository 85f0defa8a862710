import assert from 'node:assert/strict';
import type http from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { Credential } from '../../../../src/registry/auth/credentials.ts';
import {
  HtmlInsteadError,
  NotFoundError,
  RedirectRefusedError,
  RegistryError,
  ServerError,
  UnauthorizedError,
} from '../../../../src/registry/errors.ts';
import { listen, type Listening, logRequest, type LoggedRequest } from '../../../support/listen.ts';
import { createPrivateCa, type PrivateCa } from '../../../support/privateCa.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { requireTool } from '../../../support/tools.ts';
import { Accounts, ask, Collected, configOf, storeBlob, type Asking } from '../asking.ts';

const ALICE: Credential = { username: 'alice', password: 's3cret-Pa55' };
const SECRETS = ['s3cret-Pa55', Buffer.from('alice:s3cret-Pa55').toString('base64'), 'X-Signature=demo', 'topsecret'];

/** Returns everything of an error that users or logs could see. */
function assertNoSecret(error: unknown, lines: readonly string[] = []): void {
  const seen = [inspect(error, { depth: 10, showHidden: true }), ...lines].join('\n');
  for (const secret of SECRETS) assert.ok(!seen.includes(secret), `"${secret}" shows in ${seen}`);
}

describe('secrets', () => {
  let other: Listening;
  const otherRequests: LoggedRequest[] = [];
  let answerOther: http.RequestListener = (_request, response) => void response.end('other');
  const open: { close(): Promise<void> }[] = [];
  before(async () => {
    other = await listen(
      (request, response) => {
        logRequest(request, otherRequests);
        answerOther(request, response);
      },
      { address: '127.0.0.2' },
    );
  });
  afterEach(async () => {
    otherRequests.length = 0;
    answerOther = (_request, response) => void response.end('other');
    for (const each of open.splice(0).toReversed()) await each.close();
  });
  after(() => other.close());

  async function setUp(
    options: Parameters<typeof startRegistry>[0] = {},
  ): Promise<{ registry: Registry; asking: Asking }> {
    const users = { alice: 's3cret-Pa55' };
    const registry = await startRegistry({ access: { scheme: 'basic', users }, ...options });
    const asking = ask(configOf(registry), {}, [new Accounts({ [registry.host]: ALICE })]);
    open.push(registry, asking);
    return { registry, asking };
  }

  it('do not follow a redirect to another origin', async () => {
    const { registry, asking } = await setUp({ redirectBlobs: true });
    const { bytes, blob } = storeBlob(registry.store, 'some/name', 5000);
    const sink = new Collected();
    await asking.client.blobs('some/name').read(blob, 0, sink, asking.signal);
    assert.deepEqual(sink.bytes, bytes, 'the storage answers 400 to an Authorization');
    assert.ok(registry.cdnRequests.length > 0);
    for (const { headers } of registry.cdnRequests) assert.equal(headers.authorization, undefined);
  });

  it('are not sent again after a redirect away and back', async () => {
    const { registry, asking } = await setUp();
    const { blob } = storeBlob(registry.store, 'some/name', 50);
    const home: LoggedRequest[] = [];
    answerOther = (_request, response) => void response.writeHead(302, { location: `${registry.url}/home` }).end();
    registry.fault(
      { path: '/blobs/', when: request => request.headers.authorization !== undefined },
      faults.redirect(`${other.url}/away`),
    );
    registry.fault({ path: '/home' }, (reply, request) => (home.push(request), reply));
    await assert.rejects(asking.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal), RegistryError);
    assert.equal(otherRequests[0]?.headers.authorization, undefined);
    assert.equal(home[0]?.headers.authorization, undefined);
  });

  it('are sent to a redirect within the origin', async () => {
    const { registry, asking } = await setUp();
    const { bytes, blob } = storeBlob(registry.store, 'some/name', 50);
    registry.fault(
      { path: '/some/name/blobs/', when: request => request.headers.authorization !== undefined },
      faults.redirect(request => request.path.replace('some/name', 'moved/name')),
    );
    registry.store.putManifest('moved/name', { mediaType: 'x', bytes: Buffer.from('{}') });
    const sink = new Collected();
    await asking.client.blobs('some/name').read(blob, 0, sink, asking.signal);
    assert.deepEqual(sink.bytes, bytes);
  });

  it('are not sent to the addresses of foreign layers', async () => {
    const { registry, asking } = await setUp();
    const { bytes, blob } = storeBlob(registry.store, 'some/name', 50);
    // The registry already knows the account.
    await asking.client.blobSize('some/name', blob.digest, asking.signal);
    answerOther = (_request, response) => void response.end(bytes);
    const foreign = {
      ...blob,
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      urls: [`${other.url}/layer`],
    };
    const sink = new Collected();
    const before = registry.requests.length;
    await asking.client.blobs('some/name').read(foreign, 0, sink, asking.signal);
    assert.deepEqual(sink.bytes, bytes);
    assert.equal(registry.requests.length, before, 'the foreign address comes first');
    assert.equal(otherRequests.length, 1);
    assert.equal(otherRequests[0]?.headers.authorization, undefined);
  });

  it('do not answer the challenge of a foreign address', async () => {
    const { registry, asking } = await setUp();
    const { bytes, blob } = storeBlob(registry.store, 'some/name', 50);
    answerOther = (_request, response) =>
      void response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' }).end();
    const foreign = {
      ...blob,
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      urls: [`${other.url}/layer`],
    };
    const sink = new Collected();
    await asking.client.blobs('some/name').read(foreign, 0, sink, asking.signal);
    assert.deepEqual(sink.bytes, bytes, 'the registry has it as well');
    assert.equal(otherRequests.length, 1);
    assert.equal(otherRequests[0]?.headers.authorization, undefined);
  });

  it('of the registry are not sent to a mirror', async () => {
    const { registry, asking } = await setUp();
    const mirror = await startRegistry({ access: { scheme: 'basic' }, address: '127.0.0.3' });
    const accounts = new Accounts({ [registry.host]: ALICE });
    const both = ask(configOf(registry, { mirrors: [mirror.url] }), {}, [accounts]);
    open.push(mirror, both);
    const { blob } = storeBlob(registry.store, 'some/name', 50);
    await both.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal);
    assert.ok(mirror.requests.length > 0);
    for (const { headers } of mirror.requests) assert.equal(headers.authorization, undefined);
    assert.equal(registry.requests.at(-1)?.status, 200);
  });

  it('are not sent to another host that continues a list', async () => {
    const { registry, asking } = await setUp();
    storeBlob(registry.store, 'some/name', 50);
    registry.fault({ path: '/tags/list' }, reply => ({
      ...reply,
      headers: {
        ...reply.headers,
        ...(reply.status === 200 ? { link: `<${other.url}/elsewhere?last=x>; rel="next"` } : {}),
      },
      ...(reply.status === 200 ? { body: Buffer.from('{"tags":["one"]}') } : {}),
    }));
    await assert.rejects(asking.client.tags('some/name', {}, asking.signal), RedirectRefusedError);
    assert.equal(otherRequests.length, 0);
  });

  it("don't appear in failures and logs", async () => {
    const { registry, asking } = await setUp({ redirectBlobs: true });
    const { blob } = storeBlob(registry.store, 'some/name', 50);
    const read = (): Promise<void> => asking.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal);
    const cases: [string, Parameters<Registry['fault']>, unknown][] = [
      [
        'refused',
        [{ when: request => request.headers.authorization !== undefined }, faults.status(401)],
        UnauthorizedError,
      ],
      ['storage fails', [{ path: '/blob/' }, faults.status(500)], ServerError],
      ['storage has a web page', [{ path: '/blob/' }, faults.html(200)], HtmlInsteadError],
      ['storage resets', [{ path: '/blob/' }, faults.resetAtOnce()], RegistryError],
      [
        'storage leads elsewhere',
        [{ path: '/blob/' }, faults.redirect('ftp://user:topsecret@host/x?y=topsecret')],
        RedirectRefusedError,
      ],
      [
        'user in the address',
        [{ path: '/blob/' }, faults.redirect('http://user:topsecret@127.0.0.1/x')],
        RedirectRefusedError,
      ],
    ];
    for (const [name, fault, expected] of cases) {
      registry.fault(...fault);
      const error = await read().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof (expected as typeof RegistryError), `${name}: ${inspect(error)}`);
      assertNoSecret(error, asking.log.lines);
      registry.faults.clear();
    }
    assert.ok(asking.log.lines.length > 0);
  });

  it("in a server's answers don't appear", async () => {
    const { registry, asking } = await setUp();
    storeBlob(registry.store, 'some/name', 50);
    registry.fault({ path: '/manifests/' }, (reply, request) => {
      if (request.headers.authorization === undefined) return reply;
      return {
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://127.0.0.1:1/token?password=topsecret"' },
        body: Buffer.alloc(0),
      };
    });
    const error = await asking.client.manifest('some/name', 'latest', asking.signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof RegistryError);
    assertNoSecret(error, asking.log.lines);
  });
});

describe('addresses that answers name', () => {
  const tools = requireTool('openssl');
  let ca: PrivateCa;
  const open: { close(): Promise<void> }[] = [];
  before(() => {
    if (tools === false) ca = createPrivateCa();
  });
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });
  after(() => tools === false && ca.close());

  it('must not lead from HTTPS to HTTP, neither redirects nor realms', { skip: tools }, async () => {
    const plain: LoggedRequest[] = [];
    const target = await listen((request, response) => {
      logRequest(request, plain);
      response.end('{"token":"x"}');
    });
    const registry = await startRegistry({ tls: ca.issue() });
    const asking = ask(configOf(registry, { ca: ca.cert }), {}, [new Accounts({ [registry.host]: ALICE })]);
    open.push(target, registry, asking);
    const { blob } = storeBlob(registry.store, 'some/name', 50);
    registry.fault({ path: '/blobs/' }, faults.redirect(`${target.url}/blob`));
    await assert.rejects(
      asking.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal),
      RedirectRefusedError,
    );
    registry.fault(
      { path: '/manifests/' },
      faults.status(401, { 'www-authenticate': `Bearer realm="${target.url}/token"` }),
    );
    await assert.rejects(asking.client.manifest('some/name', 'latest', asking.signal), RedirectRefusedError);
    assert.equal(plain.length, 0);
  });

  it('are followed only to a limit', async () => {
    const registry = await startRegistry();
    const asking = ask(configOf(registry));
    open.push(registry, asking);
    const { blob } = storeBlob(registry.store, 'some/name', 50);
    registry.fault({ path: '/blobs/' }, faults.redirect());
    await assert.rejects(
      asking.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal),
      error => error instanceof RedirectRefusedError && /too many/.test(error.reason),
    );
    assert.equal(registry.requests.length, 11);
    for (const location of [
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
      'http://',
      'http://user:pw@127.0.0.1/',
      'javascript:alert(1)',
    ]) {
      registry.faults.clear();
      registry.fault({ path: '/blobs/' }, faults.redirect(location));
      await assert.rejects(
        asking.client.blobs('some/name').read(blob, 0, new Collected(), asking.signal),
        RedirectRefusedError,
        location,
      );
    }
  });

  it('may come from any kind of redirect', async () => {
    const registry = await startRegistry();
    const asking = ask(configOf(registry));
    open.push(registry, asking);
    const { bytes, blob } = storeBlob(registry.store, 'some/name', 50);
    registry.store.putManifest('moved', { mediaType: 'x', bytes: Buffer.from('{}') });
    for (const code of [301, 302, 303, 307, 308]) {
      registry.fault({ path: '/some/name/blobs/' }, faults.redirect(`/v2/moved/blobs/${blob.digest}`, code));
      const sink = new Collected();
      await asking.client.blobs('some/name').read(blob, 0, sink, asking.signal);
      assert.deepEqual(sink.bytes, bytes);
      registry.faults.clear();
    }
  });

  it('of a redirect may be missing, which is a failure', async () => {
    const registry = await startRegistry();
    const asking = ask(configOf(registry));
    open.push(registry, asking);
    registry.fault({ path: '/manifests/' }, faults.bareStatus(302));
    await assert.rejects(
      asking.client.manifest('some/name', 'latest', asking.signal),
      error => error instanceof ServerError && error.status === 302,
    );
    registry.faults.clear();
    await assert.rejects(asking.client.manifest('some/name', 'latest', asking.signal), NotFoundError);
  });
});
