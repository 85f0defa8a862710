import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClientCertificateNeededError, ProxyError } from '../../../../src/registry/errors.ts';
import { image, layer } from '../../../support/image.ts';
import { createPrivateCa, type PrivateCa } from '../../../support/privateCa.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { type Squid, startSquid } from '../../../support/servers/squid.ts';
import { requireTool } from '../../../support/tools.ts';
import { ask, Collected, type Asking } from '../asking.ts';

/** A name that only the proxy can resolve. */
const NAME = 'registry.behind-the-proxy.test';
const ACCOUNT = { user: 'pat', password: 'pr0xy:pw' };

describe("Debian's squid", { timeout: 60_000, skip: requireTool('squid', 'htpasswd', 'openssl') }, () => {
  const built = image({ layers: [layer(Buffer.alloc(100_000, 7), { compression: 'none' })] });
  const open: { close(): Promise<void> }[] = [];
  let ca: PrivateCa;
  let squid: Squid;
  let guarded: Squid;
  let plain: Registry;
  let secure: Registry;
  before(async () => {
    ca = createPrivateCa();
    squid = await startSquid(undefined, [NAME]);
    guarded = await startSquid(ACCOUNT, [NAME]);
    plain = await startRegistry();
    secure = await startRegistry({ tls: ca.issue({ hosts: [NAME] }) });
    for (const registry of [plain, secure]) registry.store.put('some/name', built, 'latest');
    open.push(squid, guarded, plain, secure);
  });
  after(async () => {
    for (const each of open.toReversed()) await each.close();
    ca?.close();
  });

  function through(proxy: string, registry: Registry, noProxy: string[] = []): Asking {
    const scheme = registry === secure ? 'https' : 'http';
    const url = `${scheme}://${NAME}:${registry.port}`;
    const config = {
      name: `${NAME}:${registry.port}`,
      url,
      ...(registry === secure ? { ca: ca.cert } : { insecure: true }),
    };
    const made = ask(config, {
      httpProxy: { url: proxy, setting: 'HTTP_PROXY' },
      httpsProxy: { url: proxy, setting: 'HTTPS_PROXY' },
      noProxy,
      tries: 2,
    });
    open.push(made);
    return made;
  }

  /** Squid logs a tunnel when it ends. */
  function tunnelOf(account: string): Parameters<Squid['logged']>[0] {
    return ({ method, target, user }) =>
      method === 'CONNECT' && target === `${NAME}:${secure.port}` && user === account;
  }

  async function read({ client, signal }: Asking): Promise<void> {
    assert.equal((await client.manifest('some/name', 'latest', signal)).digest, built.digest);
    const [only] = built.layers;
    assert.ok(only);
    const sink = new Collected();
    await client
      .blobs('some/name')
      .read({ mediaType: '', digest: only.digest, size: only.blob.length }, 0, sink, signal);
    assert.deepEqual(sink.bytes, only.blob);
  }

  it('carries plain HTTP as a forwarding proxy', async () => {
    await read(through(squid.url, plain));
    await squid.logged(
      ({ method, target }) => method === 'GET' && target.startsWith(`http://${NAME}:${plain.port}/v2/`),
    );
  });

  it('carries HTTPS through a tunnel, verified by the registry’s authority', async () => {
    const asking = through(squid.url, secure);
    await read(asking);
    await asking.close();
    await squid.logged(tunnelOf('-'));
  });

  it('passes on the alert of a server that wants a client certificate', async () => {
    const strict = await startRegistry({ tls: { ...ca.issue({ hosts: [NAME] }), clientCa: ca.cert } });
    open.push(strict);
    const url = `https://${NAME}:${strict.port}`;
    const asking = ask({ name: NAME, url, ca: ca.cert }, { httpsProxy: { url: squid.url, setting: 'http.proxy' } });
    open.push(asking);
    await assert.rejects(asking.client.ping(asking.signal), ClientCertificateNeededError);
    const { cert, key } = ca.issue({ client: 'peel' });
    const known = ask(
      { name: NAME, url, ca: ca.cert, cert, key },
      { httpsProxy: { url: squid.url, setting: 'http.proxy' } },
    );
    open.push(known);
    assert.equal((await known.client.ping(known.signal)).v2, true);
  });

  it('gets its user and password from the address', async () => {
    const address = guarded.url.replace('//', '//pat:pr0xy%3Apw@');
    await read(through(address, plain));
    const asking = through(address, secure);
    await read(asking);
    await asking.close();
    await guarded.logged(tunnelOf('pat'));
    assert.ok(!JSON.stringify(secure.requests.map(({ headers }) => headers)).includes('proxy-authorization'));
  });

  it('that wants a password fails clearly, without revealing one', async () => {
    for (const registry of [plain, secure]) {
      const wrong = through(guarded.url.replace('//', '//pat:wr0ng@'), registry);
      await assert.rejects(wrong.client.manifest('some/name', 'latest', wrong.signal), error => {
        assert.ok(error instanceof ProxyError, String(error));
        assert.ok(!error.message.includes('wr0ng'));
        return true;
      });
    }
  });

  it('is not used for excepted hosts and this machine', async () => {
    const unused = await startSquid(undefined, [NAME]);
    open.push(unused);
    const excepted = through(unused.url, plain, ['.behind-the-proxy.test']);
    await assert.rejects(
      excepted.client.ping(excepted.signal),
      error => error instanceof Error && error.name === 'UnknownHostError',
    );
    const local = ask({ name: plain.host, url: plain.url }, { httpProxy: { url: unused.url, setting: 'http.proxy' } });
    open.push(local);
    await read(local);
    // A later request in the log shows that earlier ones are complete.
    const last = through(unused.url, plain);
    await last.client.manifest('some/name', 'latest', last.signal);
    const its = `http://${NAME}:${plain.port}/v2/some/name/manifests/latest`;
    await unused.logged(({ target }) => target === its);
    assert.deepEqual(
      unused.requests().map(({ target }) => target),
      [its],
    );
  });

  it('that is down is reported instead of the registry', async () => {
    for (const [address, registry, setting] of [
      ['http://127.0.0.1:1', secure, 'HTTPS_PROXY'],
      ['http://127.0.0.1:1', plain, 'HTTP_PROXY'],
      ['http://no-such-proxy.invalid:3128', secure, 'HTTPS_PROXY'],
    ] as const) {
      const gone = through(address, registry);
      await assert.rejects(gone.client.ping(gone.signal), error => {
        assert.ok(error instanceof ProxyError && error.setting === setting, String(error));
        assert.match(error.message, /proxy.*(?:127\.0\.0\.1:1|no-such-proxy\.invalid:3128) can't be reached/);
        return true;
      });
    }
  });

  it("whose address can't be read is named by its setting", async () => {
    for (const address of ['pat:12#ss@127.0.0.1:1', 'pat:p#ss@127.0.0.1:1', 'pat:50%off@127.0.0.1:1', 'a b']) {
      const wrong = through(`http://${address}`, secure);
      await assert.rejects(wrong.client.ping(wrong.signal), error => {
        assert.ok(error instanceof ProxyError, String(error));
        assert.match(error.message, /Check HTTPS_PROXY\.$/);
        assert.doesNotMatch(error.message, /#ss|50%|pat/);
        return true;
      });
    }
  });
});
