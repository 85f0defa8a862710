import assert from 'node:assert/strict';
import { afterEach, describe, it, test } from 'node:test';
import { HtmlInsteadError, NoCatalogError, NotFoundError, ServerError } from '../../../../src/registry/errors.ts';
import { artifact, image, layer } from '../../../support/image.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry, type RegistryOptions } from '../../../support/registry/registry.ts';
import { Accounts, ask, configOf, sha256, type Asking } from '../asking.ts';

const TAGS = Array.from({ length: 25 }, (_, at) => `v${String(at).padStart(2, '0')}`);
const LIST = { path: '/tags/list' };

describe('lists', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  async function setUp(
    options: RegistryOptions = {},
  ): Promise<{ registry: Registry; asking: Asking; all: () => Promise<string[]> }> {
    const registry = await startRegistry(options);
    registry.store.putManifest('some/name', { mediaType: 'x/y', bytes: Buffer.from('{}') }, ...TAGS);
    const asking = ask(configOf(registry));
    open.push(registry, asking);
    return { registry, asking, all: () => asking.client.allTags('some/name', asking.signal) };
  }

  it('are read in parts, each on demand', async () => {
    const { asking, registry } = await setUp();
    const found: string[] = [];
    let last: string | undefined;
    do {
      const page: { items: readonly string[]; next?: string } = await asking.client.tags(
        'some/name',
        { size: 10, last },
        asking.signal,
      );
      found.push(...page.items);
      last = page.next;
    } while (last !== undefined);
    assert.deepEqual(found, TAGS);
    assert.equal(registry.requests.length, 3);
  });

  it('are read whole', async () => {
    const { all, registry } = await setUp({ pageSize: 4 });
    assert.deepEqual(await all(), TAGS);
    assert.equal(registry.requests.length, 7);
  });

  it('are read some parts at a time, and continue from there', async () => {
    const { asking, registry } = await setUp({ pageSize: 4 });
    const some = await asking.client.manyTags('some/name', undefined, 3, asking.signal);
    assert.deepEqual(some.items, TAGS.slice(0, 12));
    assert.equal(registry.requests.length, 3);
    const rest = await asking.client.manyTags('some/name', some.next, 10, asking.signal);
    assert.deepEqual([...some.items, ...rest.items], TAGS);
    assert.equal(rest.next, undefined);
  });

  it('start after an item, which need not exist', async () => {
    const { asking, registry } = await setUp();
    for (const name of ['alice/a', 'alice/b', 'bob/c'])
      registry.store.putManifest(name, { mediaType: 'x/y', bytes: Buffer.from('{}') });
    assert.deepEqual((await asking.client.catalog({ last: 'alice/a', size: 2 }, asking.signal)).items, [
      'alice/b',
      'bob/c',
    ]);
    assert.deepEqual((await asking.client.catalog({ last: 'bob/', size: 1 }, asking.signal)).items, ['bob/c']);
  });

  it('may contain null, empty strings, digests, numbers, repeats and garbage', async () => {
    const { registry, asking, all } = await setUp();
    const odd = ['ok', null, '', 7, sha256('x'), 'ok', 'a b', '../up', '-x', {}, 'also.ok'];
    registry.fault(
      LIST,
      faults.json(() => ({ name: 'some/name', tags: odd })),
    );
    assert.deepEqual(await all(), ['ok', 'also.ok']);
    for (const list of [{ tags: null }, {}, { tags: 'x' }, { tags: [] }]) {
      registry.faults.clear();
      registry.fault(
        LIST,
        faults.json(() => list),
      );
      assert.deepEqual(await all(), []);
    }
    registry.faults.clear();
    registry.fault(
      { path: '/_catalog' },
      faults.json(() => ({ repositories: ['a/b', 'A/B', '../x', null, 'a/b'] })),
    );
    assert.deepEqual((await asking.client.catalog({}, asking.signal)).items, ['a/b']);
  });

  it('end if a server links to the same part for ever', async () => {
    const loops: ((path: string, turn: number) => string)[] = [
      path => `<${path}?n=10&last=v09>; rel="next"`,
      path => `<${path}>; rel="next"`,
      (path, turn) => `<${path}?n=10&last=x${turn}>; rel="next"`,
      (path, turn) => `<${path}?n=10&last=${turn % 2 === 0 ? 'a' : 'b'}>; rel="next"`,
    ];
    for (const loop of loops) {
      const { registry, all, asking } = await setUp();
      let turn = 0;
      registry.fault(LIST, (reply, request) => ({
        ...reply,
        headers: { ...reply.headers, link: loop(request.path, turn++) },
        body: Buffer.from(JSON.stringify({ tags: TAGS.slice(0, 10) })),
      }));
      assert.deepEqual(await all(), TAGS.slice(0, 10));
      assert.ok(registry.requests.length <= 3, `${registry.requests.length} requests`);
      const first = await asking.client.tags('some/name', {}, asking.signal);
      const second =
        first.next === undefined
          ? undefined
          : await asking.client.tags('some/name', { last: first.next }, asking.signal);
      assert.deepEqual(second ?? { items: [] }, { items: [] }, 'on demand, too');
    }
  });

  it('that never end are read until the caller has enough', async () => {
    const { registry, asking } = await setUp();
    let turn = 0;
    registry.fault(LIST, (reply, request) => ({
      ...reply,
      headers: { ...reply.headers, link: `<${request.path}?last=t${turn}>; rel="next"` },
      body: Buffer.from(JSON.stringify({ tags: [`t${turn++}`] })),
    }));
    const abort = new AbortController();
    const endless = asking.client.allTags('some/name', abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 100);
    await assert.rejects(endless, /enough/);
  });

  it('continue if a full part has no link, and end if the server ignores the request', async () => {
    const { registry, asking } = await setUp();
    registry.fault(LIST, faults.headers({ link: '' }));
    const first = await asking.client.tags('some/name', { size: 10 }, asking.signal);
    assert.deepEqual(
      (await asking.client.tags('some/name', { last: first.next }, asking.signal)).items,
      TAGS.slice(10, 20),
    );
    registry.faults.clear();
    registry.fault(LIST, reply => ({
      ...reply,
      headers: { ...reply.headers, link: '' },
      body: Buffer.from(JSON.stringify({ tags: TAGS })),
    }));
    const whole = await asking.client.tags('some/name', { size: 25 }, asking.signal);
    assert.deepEqual(await asking.client.tags('some/name', { last: whole.next }, asking.signal), { items: [] });
  });

  it("follow links with another scheme, host or port at the registry's own address", async () => {
    for (const origin of ['http://registry.internal:5000', 'https://127.0.0.1', '']) {
      const { registry, all } = await setUp({ pageSize: 10 });
      registry.fault(LIST, reply => {
        const { link } = reply.headers;
        return typeof link === 'string'
          ? { ...reply, headers: { ...reply.headers, link: link.replace('<', `<${origin}`) } }
          : reply;
      });
      assert.deepEqual(await all(), TAGS, origin);
    }
  });

  it('follow a link to another path of the same origin', async () => {
    const { registry, all } = await setUp();
    registry.fault(LIST, reply => ({
      ...reply,
      headers: { ...reply.headers, link: '</v2/odd/path?page=2>; rel="next"' },
      body: Buffer.from('{"tags":["one"]}'),
    }));
    registry.fault({ path: '/odd/path' }, () => ({ status: 200, headers: {}, body: Buffer.from('{"tags":["two"]}') }));
    assert.deepEqual(await all(), ['one', 'two']);
  });

  it('fall back to short parts if long ones are refused', async () => {
    const { registry, all } = await setUp();
    registry.fault(
      { ...LIST, when: ({ query }) => Number(query.get('n')) > 100 },
      faults.status(400, {}, 'PAGINATION_NUMBER_INVALID'),
    );
    assert.deepEqual(await all(), TAGS);
  });

  it('report web pages, invalid JSON and missing repositories', async () => {
    const { registry, asking, all } = await setUp();
    registry.fault(LIST, faults.html());
    await assert.rejects(all(), HtmlInsteadError);
    registry.faults.clear();
    registry.fault(LIST, faults.body('{"tags":['));
    await assert.rejects(all(), ServerError);
    await assert.rejects(
      asking.client.allTags('no/such', asking.signal),
      error => error instanceof NotFoundError && error.what === 'repository',
    );
  });

  it('of repositories may be refused in many ways', async () => {
    for (const fault of [
      faults.status(401, { 'www-authenticate': 'Basic realm="x"' }),
      faults.status(401),
      faults.status(403),
      faults.status(404),
      faults.status(405),
      faults.status(400),
    ]) {
      const { registry, asking } = await setUp();
      registry.fault({ path: '/_catalog' }, fault);
      await assert.rejects(asking.client.catalog({}, asking.signal), NoCatalogError);
      assert.equal((await asking.client.ping(asking.signal)).catalog, false);
    }
    const hub = ask({ name: 'docker.io', url: 'http://127.0.0.1:1' });
    open.push(hub);
    await assert.rejects(hub.client.catalog({}, hub.signal), NoCatalogError);
  });

  it('are asked of mirrors with the name of their registry', async () => {
    const { registry } = await setUp();
    const mirror = await startRegistry({ address: '127.0.0.2', pageSize: 10, store: registry.store });
    const both = ask(configOf(registry, { mirrors: [mirror.url] }));
    open.push(mirror, both);
    assert.deepEqual(await both.client.allTags('some/name', both.signal), TAGS);
    assert.equal(registry.requests.length, 0);
    for (const { query } of mirror.requests) assert.deepEqual(query.getAll('ns'), [registry.host]);
  });
});

describe('referrers', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });
  const subject = image({ layers: [layer(Buffer.alloc(1024))] });
  const attached = Array.from({ length: 5 }, (_, at) =>
    artifact({
      artifactType: `type/${at % 2}`,
      files: [{ name: `f${at}`, bytes: Buffer.from(String(at)) }],
      subject: subject.descriptor,
    }),
  );

  async function setUp(
    options: RegistryOptions,
  ): Promise<{ registry: Registry; find: (type?: string) => Promise<string[]> }> {
    const registry = await startRegistry(options);
    registry.store.put('some/name', subject, 'latest');
    for (const content of attached) registry.store.put('some/name', content);
    const asking = ask(configOf(registry));
    open.push(registry, asking);
    const find = async (type?: string): Promise<string[]> =>
      (await asking.client.referrers('some/name', subject.digest, type, asking.signal)).map(({ digest }) => digest);
    return { registry, find };
  }
  const digests = (type?: string): string[] =>
    attached
      .filter(({ descriptor }) => type === undefined || descriptor.artifactType === type)
      .map(({ digest }) => digest);

  it('come from the API, in parts, filtered by the registry or by Peel', async () => {
    for (const pageSize of [undefined, 2]) {
      const { registry, find } = await setUp(pageSize === undefined ? {} : { pageSize });
      assert.deepEqual(await find(), digests());
      assert.deepEqual(await find('type/1'), digests('type/1'));
      registry.fault({ path: '/referrers/' }, (_reply, request) => ({
        status: 200,
        headers: {},
        body: Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            manifests: request.query.has('from') ? [] : attached.map(({ descriptor }) => descriptor),
          }),
        ),
      }));
      assert.deepEqual(await find('type/0'), digests('type/0'));
    }
  });

  it('come from the tag if there is no API', async () => {
    const { find, registry } = await setUp({ referrers: 'tag' });
    assert.deepEqual(await find(), digests());
    assert.deepEqual(await find('type/1'), digests('type/1'));
    for (const fault of [faults.status(405), faults.status(400), faults.html(200), faults.body('[]')]) {
      registry.fault({ path: '/referrers/' }, fault);
      assert.deepEqual(await find(), digests());
      registry.faults.clear();
    }
  });

  it('are empty if neither exists', async () => {
    const { find } = await setUp({ referrers: 'none' });
    assert.deepEqual(await find(), []);
  });

  it("that can't be verified are left out, and loops end", async () => {
    const { registry, find } = await setUp({});
    registry.fault({ path: '/referrers/' }, (_reply, request) => ({
      status: 200,
      headers: { link: `<${request.path}?from=1>; rel="next"` },
      body: Buffer.from(
        JSON.stringify({ manifests: [null, {}, { digest: 'md5:x', size: 1 }, attached[0]?.descriptor] }),
      ),
    }));
    assert.deepEqual(await find(), [attached[0]?.digest]);
    assert.ok(registry.requests.length <= 2);
  });
});

test('requests sent one after another share one connection', async t => {
  const registry = await startRegistry();
  const asked = ask(configOf(registry));
  const { client, signal } = asked;
  t.after(() => Promise.all([asked.close(), registry.close()]));
  await client.ping(signal);
  for (let again = 0; again < 3; again++) await client.catalog({}, signal);
  assert.equal(new Set(registry.requests.map(({ remotePort }) => remotePort)).size, 1);
});

test('a challenge of the ping is answered at once', async t => {
  const registry = await startRegistry({ access: { scheme: 'basic' } });
  const accounts = new Accounts({ [registry.host]: { username: 'alice', password: 's3cret' } });
  const asked = ask(configOf(registry), {}, [accounts]);
  const { client, signal } = asked;
  t.after(() => Promise.all([asked.close(), registry.close()]));
  assert.equal((await client.ping(signal)).catalog, true);
  assert.deepEqual(
    registry.requests.map(({ path, status }) => `${path} ${status}`),
    ['/v2/ 401', '/v2/_catalog 200'],
  );
});
