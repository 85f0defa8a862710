import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  ClientCertificateNeededError,
  ConnectionLostError,
  ConnectionRefusedError,
  HtmlInsteadError,
  NotFoundError,
  RateLimitedError,
  RedirectRefusedError,
  ServerError,
  TlsError,
} from '../../../../src/registry/errors.ts';
import { createPrivateCa } from '../../../support/privateCa.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry, type RegistryOptions } from '../../../support/registry/registry.ts';
import { requireTool } from '../../../support/tools.ts';
import { listen } from '../../../support/listen.ts';
import { ask, configOf, type Asking } from '../asking.ts';

describe('the transport', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  async function setUp(
    options: RegistryOptions = {},
    transport: Parameters<typeof ask>[1] = {},
  ): Promise<{ registry: Registry; asking: Asking; get: () => Promise<unknown> }> {
    const registry = await startRegistry(options);
    registry.store.putManifest(
      'some/name',
      {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        bytes: Buffer.from('{"schemaVersion":2,"manifests":[]}'),
      },
      'latest',
    );
    const asking = ask(configOf(registry), transport);
    open.push(registry, asking);
    return { registry, asking, get: () => asking.client.manifest('some/name', 'latest', asking.signal) };
  }

  it('retries after temporary failures, to a limit', async () => {
    for (const fault of [
      faults.status(429),
      faults.status(500),
      faults.status(502),
      faults.status(503),
      faults.bareStatus(504),
      faults.resetAtOnce(),
      faults.resetAfter(3),
      faults.truncate(3),
    ]) {
      const { registry, get } = await setUp();
      registry.fault({ path: '/manifests/', times: 4 }, fault);
      await get();
      assert.equal(registry.requests.length, 5);
      registry.fault({ path: '/manifests/' }, fault);
      await assert.rejects(get());
      assert.equal(registry.requests.length, 10);
    }
  });

  it('does not retry after permanent failures', async () => {
    for (const status of [400, 403, 404, 405, 410, 451, 501]) {
      const { registry, get } = await setUp();
      registry.fault({ path: '/manifests/' }, faults.status(status));
      await assert.rejects(get());
      assert.equal(registry.requests.length, 1, String(status));
    }
    const nobody = ask({ name: '127.0.0.1:1', url: 'http://127.0.0.1:1' });
    open.push(nobody);
    await assert.rejects(nobody.client.ping(nobody.signal), ConnectionRefusedError);
  });

  it('waits as long as asked', async () => {
    const { registry, get } = await setUp();
    registry.fault({ path: '/manifests/', times: 1 }, faults.status(429, { 'retry-after': '1' }));
    const began = performance.now();
    await get();
    assert.ok(performance.now() - began >= 950);
  });

  it('makes other requests to the same host wait too', async () => {
    const { registry, asking, get } = await setUp();
    registry.fault({ path: '/manifests/', times: 1 }, faults.status(503, { 'retry-after': '1' }));
    const began = performance.now();
    const first = get();
    // Once this is logged, the answer has arrived.
    while (!asking.log.lines.some(line => line.includes('trying again')))
      await new Promise(resolve => setTimeout(resolve, 5));
    await asking.client.allTags('some/name', asking.signal);
    assert.ok(performance.now() - began >= 950);
    await first;
  });

  it('does not wait for hours, but reports when to retry and what is left', async () => {
    const { registry, get } = await setUp();
    registry.fault(
      { path: '/manifests/' },
      faults.status(429, { 'retry-after': '3600', 'ratelimit-remaining': '0;w=21600' }, 'TOOMANYREQUESTS'),
    );
    await assert.rejects(
      get(),
      error =>
        error instanceof RateLimitedError &&
        error.retryAfter === 3600 &&
        error.remaining === 0 &&
        error.message.includes('0 pulls left per 6 hours') &&
        /3600 seconds/.test(error.message),
    );
    assert.equal(registry.requests.length, 1);
    registry.faults.clear();
    registry.fault({ path: '/manifests/' }, faults.status(429, { 'ratelimit-remaining': '0;w=21600' }));
    await assert.rejects(get(), RateLimitedError);
    assert.equal(registry.requests.length, 2, 'an allowance that is used up does not come back within seconds');
  });

  it('shows a warning once', async () => {
    const { registry, asking, get } = await setUp();
    registry.fault({}, faults.headers({ warning: '299 - "this registry moves\t\t soon"' }));
    await get();
    await get();
    const warnings = asking.log.lines.filter(line => line.startsWith('warn'));
    assert.deepEqual(warnings, [`warn ${registry.host} warns: this registry moves soon`]);
  });

  it('keeps connections alive, and no more of them at once than allowed', async () => {
    const { registry, get } = await setUp({}, { connectionsPerHost: 2 });
    registry.fault({ path: '/manifests/' }, faults.delay(20));
    await Promise.all(Array.from({ length: 10 }, get));
    assert.equal(registry.peak, 2);
    assert.ok(new Set(registry.requests.map(({ remotePort }) => remotePort)).size <= 2);
  });

  it('keeps the connection after failures and redirects', async () => {
    const { registry, asking, get } = await setUp({}, { connectionsPerHost: 1 });
    registry.fault({ path: '/manifests/old' }, faults.redirect('/v2/some/name/manifests/latest'));
    await asking.client.manifest('some/name', 'nope', asking.signal).catch(() => undefined);
    await asking.client.manifest('some/name', 'old', asking.signal);
    await get();
    assert.equal(registry.requests.length, 4);
    assert.equal(new Set(registry.requests.map(({ remotePort }) => remotePort)).size, 1);
  });

  it('distinguishes web pages, JSON, text and silence in failures', async () => {
    const { registry, get } = await setUp();
    const cases: [faults.Fault, new (...parameters: never[]) => Error, RegExp][] = [
      [faults.html(200, '<!DOCTYPE html><title>Corporate\nLogin</title>'), HtmlInsteadError, /"Corporate Login"/],
      [faults.html(403), HtmlInsteadError, /web page/],
      [faults.status(400, {}, 'NAME_INVALID'), ServerError, /NAME_INVALID: fault 400/],
      [faults.bareStatus(418), ServerError, /418/],
      [
        () => ({ status: 400, headers: { 'content-type': 'text/plain' }, body: Buffer.from('x'.repeat(5000)) }),
        ServerError,
        /^.{0,400}$/,
      ],
      [
        () => ({ status: 400, headers: {}, body: Buffer.from('{"errors":[{"code":5,"message":null}]}') }),
        ServerError,
        /400/,
      ],
      [() => ({ status: 400, headers: {}, body: Buffer.from('{"errors":"no"}') }), ServerError, /400/],
    ];
    for (const [fault, type, message] of cases) {
      registry.fault({ path: '/manifests/' }, fault);
      await assert.rejects(get(), error => error instanceof type && message.test(error.message));
      registry.faults.clear();
    }
  });

  it('survives headers and bodies of hostile length', async () => {
    const { registry, get } = await setUp({}, { tries: 1 });
    registry.fault({ path: '/manifests/' }, faults.status(500, { 'x-long': 'x'.repeat(100_000) }));
    await assert.rejects(get());
    registry.faults.clear();
    const endless: faults.Fault = () => ({
      status: 404,
      headers: { 'content-type': 'application/json', 'content-length': '' },
      body: Buffer.alloc(0),
      deliver: async (_body, response, closed) => {
        while (!closed.aborted)
          if (!response.write(Buffer.alloc(65_536, 32)))
            await new Promise(resolve => response.once('drain', resolve).once('close', resolve));
      },
    });
    registry.fault({ path: '/manifests/' }, endless);
    await assert.rejects(get(), NotFoundError);
  });

  it('refuses garbage instead of HTTP', async () => {
    for (const garbage of [
      'hello\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    ]) {
      const server = await listen((_request, response) => void response.socket?.end(garbage));
      const asking = ask({ name: server.host, url: server.url }, { tries: 2 });
      open.push(server, asking);
      await assert.rejects(asking.client.manifest('a', 'b', asking.signal), ConnectionLostError);
    }
  });

  it("follows no public registry's answer to this machine or its network", async () => {
    const { registry, asking } = await setUp();
    // Documentation addresses (RFC 5737) count as public; nothing is sent to them.
    const endpoint = { name: '203.0.113.7', url: 'http://203.0.113.7' };
    for (const url of [
      registry.url,
      `http://localhost:${registry.port}`,
      'http://10.0.0.1/',
      'http://169.254.169.254/latest/meta-data',
      'http://[::1]/',
      'http://[fd00::1]/',
      'http://2130706433/',
      'http://0x7f.1/',
    ]) {
      await assert.rejects(asking.transport.send({ endpoint, url }, asking.signal), RedirectRefusedError, url);
    }
    assert.equal(registry.requests.length, 0);
  });

  it('sends the client certificate only to its registry', { skip: requireTool('openssl') }, async () => {
    const ca = createPrivateCa();
    try {
      const client = ca.issue({ client: 'peel' });
      const seen: boolean[] = [];
      const { createServer } = await import('node:https');
      const server = createServer(
        { ...ca.issue(), ca: ca.cert, requestCert: true, rejectUnauthorized: false },
        (request, response) => {
          const { socket } = request;
          seen.push(
            'getPeerCertificate' in socket &&
              typeof socket.getPeerCertificate === 'function' &&
              Object.keys(socket.getPeerCertificate() as object).length > 0,
          );
          response.end('{}');
        },
      );
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      assert.ok(address && typeof address === 'object');
      open.push({ close: () => new Promise(resolve => (server.close(() => resolve()), server.closeAllConnections())) });
      const url = `https://127.0.0.1:${address.port}`;
      const { asking } = await setUp();
      const endpoint = { name: 'r', url, ca: ca.cert, cert: client.cert, key: client.key };
      (await asking.transport.send({ endpoint, url }, asking.signal)).discard();
      // Another origin with the same trust.
      (
        await asking.transport.send({ endpoint: { ...endpoint, url: 'https://127.0.0.1:1' }, url }, asking.signal)
      ).discard();
      assert.deepEqual(seen, [true, false]);
      await assert.rejects(asking.transport.send({ endpoint: { name: 'r', url }, url }, asking.signal), TlsError);
      const careless = ask({ name: 'r', url }, { strictSSL: false });
      open.push(careless);
      (await careless.transport.send({ endpoint: { name: 'r', url }, url }, careless.signal)).discard();
      // `insecure` covers requests without secrets, and the registry's own host.
      const foreign = { name: 'r', url: 'https://127.0.0.2:1', insecure: true };
      (await asking.transport.send({ endpoint: foreign, url }, asking.signal)).discard();
      await assert.rejects(
        asking.transport.send({ endpoint: foreign, url, authorization: 'Basic eA==' }, asking.signal),
        TlsError,
      );
    } finally {
      ca.close();
    }
  });

  it('recognises that a server wants a client certificate', { skip: requireTool('openssl') }, async () => {
    const ca = createPrivateCa();
    try {
      const server = await listen((_, response) => void response.end('{}'), {
        tls: { ...ca.issue(), clientCa: ca.cert },
      });
      open.push(server);
      const asking = ask({ name: server.host, url: server.url, ca: ca.cert });
      open.push(asking);
      await assert.rejects(asking.client.ping(asking.signal), error => {
        assert.ok(error instanceof ClientCertificateNeededError, String(error));
        assert.match(error.message, /"cert" and "key".*certs\.d/);
        return true;
      });
    } finally {
      ca.close();
    }
  });

  it('aborts requests when closed', async () => {
    const { registry, asking, get } = await setUp({}, { tries: 1 });
    registry.fault({ path: '/manifests/' }, faults.silence());
    const waiting = get();
    waiting.catch(() => undefined);
    while (registry.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    await asking.transport.close();
    await assert.rejects(waiting, ConnectionLostError);
  });
});
