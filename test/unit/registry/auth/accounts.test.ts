import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credential } from '../../../../src/registry/auth/credentials.ts';
import { verifyAccount } from '../../../../src/registry/auth/access.ts';
import { AccountRefusedError, NotFoundError, UnauthorizedError } from '../../../../src/registry/errors.ts';
import { fetchToken } from '../../../../src/registry/auth/tokenServer.ts';
import { image, layer } from '../../../support/image.ts';
import { bearerChallenge, type AccessOptions } from '../../../support/registry/access.ts';
import { listen } from '../../../support/listen.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry, type RegistryOptions } from '../../../support/registry/registry.ts';
import { startTokenServer, type TokenServer } from '../../../support/tokenServer.ts';
import { Accounts, ask, configOf, type Asking } from '../asking.ts';

const ALICE: Credential = { username: 'alice', password: 's3cret' };
const built = image({ layers: [layer(Buffer.alloc(1024))] });

describe('accounts and tokens', () => {
  const open: { close(): Promise<void> }[] = [];
  after(async () => {
    for (const each of open.toReversed()) await each.close();
  });

  async function setUp(
    access: AccessOptions | undefined,
    credential?: Credential,
    options: RegistryOptions = {},
  ): Promise<{
    registry: Registry;
    asking: Asking;
    accounts: Accounts;
    tokens: TokenServer;
    get: (repository?: string) => Promise<string>;
  }> {
    const registry = await startRegistry({ ...options, ...(access ? { access } : {}) });
    open.push(registry);
    registry.store.put('some/name', built, 'latest');
    registry.store.put('other', built, 'latest');
    const accounts = new Accounts(credential ? { [registry.host]: credential } : {});
    const asking = ask(configOf(registry), {}, [accounts]);
    open.push(asking);
    const get = async (repository = 'some/name'): Promise<string> =>
      (await asking.client.manifest(repository, 'latest', asking.signal)).digest;
    return { registry, asking, accounts, tokens: registry.access.tokenServer as TokenServer, get };
  }

  it('keep a token for its lifetime, unless its date shows that it is older', async () => {
    const { asking } = await setUp(undefined);
    let issued: string | undefined;
    const server = await listen((_request, response) => {
      response.end(JSON.stringify({ token: 't', expires_in: 300, issued_at: issued }));
    });
    open.push(server);
    const challenge = { scheme: 'bearer', parameters: { realm: `${server.url}/token` } };
    const endpoint = { name: 'r', url: server.url };
    const seconds = async (date: Date | string | undefined): Promise<number> => {
      issued = date instanceof Date ? date.toISOString() : date;
      const { expires } = await fetchToken(asking.transport, endpoint, challenge, '', undefined, asking.signal);
      return Math.round((expires - Date.now()) / 1000);
    };
    const whole = await seconds(undefined);
    assert.ok(whole >= 265 && whole <= 300, String(whole));
    for (const date of [new Date(), '0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z', 'soon', new Date(Date.now() + 1e6)])
      assert.ok(Math.abs((await seconds(date)) - whole) <= 2, String(date));
    assert.ok((await seconds(new Date(Date.now() - 200_000))) < 100);
  });

  it('change the scheme if a registry wants another', async () => {
    const { asking, get, registry } = await setUp({ scheme: 'bearer' }, ALICE);
    const basic = `Basic ${Buffer.from('alice:s3cret').toString('base64')}`;
    registry.fault({ path: '/_catalog' }, (reply, { headers: { authorization } }) => {
      if (authorization === basic)
        return { status: 200, headers: {}, body: Buffer.from('{"repositories":["some/name"]}') };
      if (!authorization) return reply;
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="harbor"' }, body: Buffer.alloc(0) };
    });
    await get();
    for (let round = 0; round < 2; round++) {
      registry.requests.length = 0;
      assert.deepEqual((await asking.client.catalog({}, asking.signal)).items, ['some/name']);
      assert.equal(registry.requests.length, round === 0 ? 3 : 1, 'the scheme is remembered');
      registry.requests.length = 0;
      await get();
      assert.equal(registry.requests.length, 1, 'for the catalog alone');
    }
  });

  it('are not looked up unless a registry wants them', async () => {
    const { get, accounts, registry } = await setUp(undefined, ALICE);
    await get();
    assert.deepEqual(accounts.asked, []);
    assert.equal(registry.requests[0]?.headers.authorization, undefined);
  });

  it('are sent by Basic, ahead of a refusal from the second request on', async () => {
    const { get, registry } = await setUp({ scheme: 'basic' }, ALICE);
    await get();
    await get('other');
    assert.deepEqual(
      registry.requests.map(({ status }) => status),
      [401, 200, 200],
    );
    assert.equal(
      registry.requests[2]?.headers.authorization,
      `Basic ${Buffer.from('alice:s3cret').toString('base64')}`,
    );
  });

  it('are verified on their own, and refused without revealing them', async () => {
    const wrong: Credential = { username: 'alice', password: 'wr0ng' };
    for (const scheme of ['basic', 'bearer'] as const) {
      const { registry, asking } = await setUp({ scheme });
      const verify = (account: Credential) =>
        verifyAccount(asking.transport, configOf(registry), account, asking.signal);
      assert.equal(await verify(ALICE), 'taken');
      await assert.rejects(verify(wrong), error => {
        assert.ok(error instanceof AccountRefusedError, String(error));
        assert.match(error.message, /refused the user name or password.*sign in again/);
        assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /wr0ng/);
        return true;
      });
    }
    const { registry, asking } = await setUp({ scheme: 'basic' });
    // Amazon's registry answers this when the token used as password has expired.
    registry.fault({ when: ({ headers }) => headers.authorization !== undefined }, faults.status(403));
    await assert.rejects(
      verifyAccount(asking.transport, configOf(registry), ALICE, asking.signal),
      AccountRefusedError,
    );
    const { registry: free, asking: other } = await setUp(undefined);
    assert.equal(await verifyAccount(other.transport, configOf(free), ALICE, other.signal), 'not asked for');
  });

  it('that are wrong or missing fail clearly, without endless retries', async () => {
    for (const credential of [undefined, { username: 'alice', password: 'wrong' }]) {
      const { get, registry } = await setUp({ scheme: 'basic' }, credential);
      await assert.rejects(
        get(),
        error =>
          error instanceof UnauthorizedError && error.registry === registry.host && error.repository === 'some/name',
      );
      assert.ok(registry.requests.length <= 2);
    }
  });

  it('with umlauts and colons are sent in UTF-8', async () => {
    const users = { jürgen: 'a:b:ç' };
    const { get } = await setUp({ scheme: 'basic', users }, { username: 'jürgen', password: 'a:b:ç' });
    await get();
  });

  it('are not needed for an anonymous token, which is cached for its scope', async () => {
    const { get, tokens, registry } = await setUp({ scheme: 'bearer' });
    await get();
    await get();
    assert.equal(tokens.requests.length, 1);
    assert.equal(tokens.requests[0]?.headers.authorization, undefined);
    assert.deepEqual(tokens.requests[0]?.query.getAll('scope'), ['repository:some/name:pull']);
    assert.equal(tokens.requests[0]?.query.get('service'), 'embedded-registry');
    assert.deepEqual(
      registry.requests.map(({ status }) => status),
      [401, 200, 200],
    );
    await get('other');
    assert.equal(registry.requests.length, 4, 'the token for another repository is fetched ahead');
    assert.equal(tokens.requests.length, 2);
  });

  it('are sent to the token server by GET and Basic', async () => {
    const { get, tokens } = await setUp({ scheme: 'bearer', tokens: { anonymousPull: false } }, ALICE);
    await get();
    assert.deepEqual(
      tokens.grants.map(({ user }) => user),
      ['alice'],
    );
    assert.equal(tokens.requests[0]?.method, 'GET');
  });

  it("that the token server refuses don't block what is public", async () => {
    const { get, asking, tokens } = await setUp({ scheme: 'bearer' }, { username: 'alice', password: 'old' });
    await get();
    assert.deepEqual(
      tokens.grants.map(({ user }) => user),
      [''],
    );
    assert.ok(asking.log.lines.some(line => /doesn't accept its account/.test(line)));
  });

  it('that the token server refuses are reported if nothing is public', async () => {
    const { get } = await setUp(
      { scheme: 'bearer', tokens: { anonymousPull: false } },
      { username: 'alice', password: 'old' },
    );
    await assert.rejects(get(), UnauthorizedError);
  });

  it('with an identity token are exchanged by POST', async () => {
    const { get, tokens, accounts, registry } = await setUp({ scheme: 'bearer', tokens: { anonymousPull: false } });
    accounts.set(registry.host, { identityToken: tokens.identityToken('alice') });
    await get();
    const [form] = tokens.forms;
    assert.equal(form?.get('grant_type'), 'refresh_token');
    assert.equal(form?.get('scope'), 'repository:some/name:pull');
    assert.equal(form?.get('service'), 'embedded-registry');
    assert.ok(form?.get('client_id'));
    assert.deepEqual(
      tokens.grants.map(({ user }) => user),
      ['alice'],
    );
  });

  it("with an identity token fall back to GET if POST isn't supported", async () => {
    const { get, tokens, accounts, registry } = await setUp({ scheme: 'bearer', tokens: { getOnly: true } });
    accounts.set(registry.host, { identityToken: tokens.identityToken('alice') });
    // This server doesn't accept Bearer for a token; the anonymous one opens what is public.
    await get();
    assert.deepEqual(
      tokens.requests.map(({ method }) => method),
      ['POST', 'GET', 'GET'],
    );
  });

  it('with a registry token are sent as is', async () => {
    const { get, tokens, accounts, registry } = await setUp({ scheme: 'bearer' });
    const url = `${tokens.url}/token?service=embedded-registry&scope=repository:some/name:pull`;
    const { token } = (await (await fetch(url)).json()) as { token: string };
    const before = tokens.requests.length;
    accounts.set(registry.host, { registryToken: token });
    await get();
    assert.equal(tokens.requests.length, before);
    assert.equal(registry.requests.at(-1)?.headers.authorization, `Bearer ${token}`);
  });

  it('accept a token under either name, and keep one without an expiry for a minute', async () => {
    for (const fields of [['token'], ['access_token']] as const) {
      const { get, tokens } = await setUp({ scheme: 'bearer', tokens: { fields, withoutExpiry: true } });
      await get();
      await get();
      assert.equal(tokens.requests.length, 1);
    }
  });

  it('fetch a new token when the old one expires', async () => {
    const { get, tokens } = await setUp({ scheme: 'bearer', tokens: { ttl: 1 } });
    await get();
    await sleep(1000);
    await get();
    assert.equal(tokens.requests.length, 2);
  });

  it('fetch a new token when the registry rejects the old one', async () => {
    const { get, tokens, registry } = await setUp({ scheme: 'bearer' });
    await get();
    tokens.revokeAll();
    await get();
    assert.equal(tokens.requests.length, 2);
    assert.deepEqual(
      registry.requests.map(({ status }) => status),
      [401, 200, 401, 200],
    );
  });

  it('widen the scope if the challenge demands it', async () => {
    // The registry wants a scope that the client can't know: a virtual repository's real one.
    const { get, registry, tokens } = await setUp({
      scheme: 'bearer',
      challenge: challenge =>
        bearerChallenge({
          ...challenge,
          scope: challenge.scope === '' ? '' : `${challenge.scope} repository:shared/base:pull`,
        }),
    });
    await get();
    assert.deepEqual(tokens.requests[0]?.query.getAll('scope'), [
      'repository:some/name:pull',
      'repository:shared/base:pull',
    ]);
    assert.deepEqual(
      registry.requests.map(({ status }) => status),
      [401, 200],
    );
    // And again if a token fetched ahead is too narrow.
    registry.fault(
      { path: '/other/', times: 1 },
      faults.status(401, {
        'www-authenticate': `Bearer realm="${tokens.url}/token",service="embedded-registry",scope="repository:other:pull",error="insufficient_scope"`,
      }),
    );
    await get('other');
  });

  it("don't retry for ever if the scope stays insufficient", async () => {
    const { get, registry } = await setUp({ scheme: 'bearer', tokens: { isPrivate: name => name === 'some/name' } });
    await assert.rejects(get(), UnauthorizedError);
    assert.ok(registry.requests.length <= 3, `${registry.requests.length} requests`);
  });

  it("answer a challenge that only the API's root sends", async () => {
    const { get, tokens, registry } = await setUp({
      scheme: 'bearer',
      challenge: challenge => (challenge.request.path === '/v2/' ? bearerChallenge(challenge) : ''),
    });
    await get();
    assert.deepEqual(
      registry.requests.map(({ path }) => path),
      ['/v2/some/name/manifests/latest', '/v2/', '/v2/some/name/manifests/latest'],
    );
    assert.equal(tokens.grants.length, 1);
  });

  it('choose a supported challenge among many', async () => {
    const { get } = await setUp({
      scheme: 'bearer',
      challenge: challenge => ['Negotiate', `Basic realm="x, y", ${bearerChallenge(challenge)}`],
    });
    await get();
  });

  it('find a token server whose address is relative or has a query', async () => {
    const tokens = await startTokenServer();
    open.push(tokens);
    const { get, registry } = await setUp({
      scheme: 'bearer',
      challenge: challenge => bearerChallenge({ ...challenge, realm: '/token?account=x' }),
    });
    await get();
    const asked = registry.requests.find(({ path }) => path === '/token');
    assert.equal(asked?.query.get('account'), 'x');
    assert.equal(asked?.query.get('scope'), 'repository:some/name:pull');
  });

  it('are tried if a registry hides what they may see', async () => {
    for (const status of [403, 404]) {
      const { get, registry, accounts } = await setUp(undefined, ALICE);
      registry.fault(
        { path: '/some/name/', when: request => request.headers.authorization === undefined },
        faults.status(status),
      );
      await get();
      assert.equal(
        registry.requests.at(-1)?.headers.authorization,
        `Basic ${Buffer.from('alice:s3cret').toString('base64')}`,
      );
      accounts.set(registry.host, undefined);
    }
    const { get, registry } = await setUp(undefined);
    registry.fault({ path: '/some/name/' }, faults.status(404));
    await assert.rejects(get(), NotFoundError);
    assert.equal(registry.requests.length, 1, 'without an account nothing more is asked');
  });

  it('fetch a token once for many callers', async () => {
    const { get, tokens } = await setUp({ scheme: 'bearer' });
    await Promise.all(Array.from({ length: 8 }, () => get()));
    assert.equal(tokens.requests.length, 1);
  });

  it('continue when one caller leaves, and stop when the last one does', async () => {
    const { asking, registry, tokens } = await setUp({ scheme: 'bearer' });
    const slow = await startSlowTokenServer();
    open.push(slow);
    const challenge = [`Bearer realm="${slow.url}/token",service="s",scope="repository:some/name:pull"`];
    const request = { registry: registry.host, url: registry.url, scope: 'repository:some/name:pull' };
    const leaving = new AbortController();
    const first = asking.authorizer.challenged(request, challenge, undefined, leaving.signal);
    const second = asking.authorizer.challenged(request, challenge, undefined, asking.signal);
    await slow.asked(1);
    leaving.abort(new Error('left'));
    await assert.rejects(first, /left/);
    slow.answer();
    assert.equal(await second, 'Bearer late');
    const last = new AbortController();
    const third = asking.authorizer.challenged(
      { ...request, scope: 'repository:x:pull' },
      [`Bearer realm="${slow.url}/token",scope="repository:x:pull"`],
      undefined,
      last.signal,
    );
    await slow.asked(2);
    last.abort(new Error('left as well'));
    await assert.rejects(third, /left as well/);
    await slow.hungUp();
    assert.equal(tokens.requests.length, 0);
  });

  it('are looked up again after signing in and out', async () => {
    const { get, accounts, asking, registry } = await setUp({ scheme: 'basic' });
    await assert.rejects(get(), UnauthorizedError);
    accounts.set(registry.host, ALICE);
    asking.authorizer.forget(registry.host);
    await get();
    accounts.set(registry.host, undefined);
    asking.authorizer.forget(registry.host);
    await assert.rejects(get(), UnauthorizedError);
  });

  it('looked up before signing out are not remembered after it', async () => {
    const { registry } = await setUp({ scheme: 'basic' });
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<Credential>()];
    let signedIn = true;
    const slow = {
      name: 'a slow keychain',
      find: () => {
        asked.resolve();
        return signedIn ? answered.promise : Promise.resolve(undefined);
      },
    };
    const asking = ask(configOf(registry), {}, [slow]);
    open.push(asking);
    const before = asking.client.manifest('some/name', 'latest', asking.signal);
    await asked.promise;
    signedIn = false;
    asking.authorizer.forget(registry.host);
    answered.resolve(ALICE);
    await before;
    await assert.rejects(asking.client.manifest('some/name', 'latest', asking.signal), UnauthorizedError);
  });

  it("that can't be looked up cause a warning, and the next source is asked", async () => {
    const { registry } = await setUp({ scheme: 'basic' });
    const broken = { name: 'a broken keychain', find: () => Promise.reject(new Error('locked')) };
    const asking = ask(configOf(registry), {}, [broken, new Accounts({ [registry.host]: ALICE })]);
    open.push(asking);
    await asking.client.manifest('some/name', 'latest', asking.signal);
    assert.ok(asking.log.lines.some(line => /a broken keychain.*locked/.test(line)));
  });
});

/** A token server that answers when the test says so. */
async function startSlowTokenServer(): Promise<{
  url: string;
  answer(): void;
  asked(count: number): Promise<void>;
  hungUp(): Promise<void>;
  close(): Promise<void>;
}> {
  const { listen } = await import('../../../support/listen.ts');
  let asked = 0;
  let waiting: (() => void)[] = [];
  let closed = 0;
  const server = await listen((_request, response) => {
    asked += 1;
    waiting.push(() => response.end(JSON.stringify({ token: 'late' })));
    response.once('close', () => void (response.writableEnded || (closed += 1)));
  });
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await sleep(10);
  };
  return {
    url: server.url,
    answer: () => {
      for (const each of waiting) each();
      waiting = [];
    },
    asked: count => until(() => asked >= count),
    hungUp: () => until(() => closed > 0),
    close: () => server.close(),
  };
}
