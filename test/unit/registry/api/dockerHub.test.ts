import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { DockerHub } from '../../../../src/registry/api/dockerHub.ts';
import { HtmlInsteadError, NotFoundError, RateLimitedError, ServerError } from '../../../../src/registry/errors.ts';
import { silentLogger } from '../../../support/doubles.ts';
import { Transport } from '../../../../src/registry/http/transport.ts';
import { listen, logRequest, type LoggedRequest } from '../../../support/listen.ts';
import { QUICK } from '../asking.ts';

const SIGNAL = new AbortController().signal;

describe('Docker Hub', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  async function hubWith(
    answer: (request: LoggedRequest) => unknown,
  ): Promise<{ hub: DockerHub; requests: LoggedRequest[] }> {
    const requests: LoggedRequest[] = [];
    const server = await listen((request, response) => {
      const value = answer(logRequest(request, requests));
      if (typeof value === 'number') response.writeHead(value).end();
      else if (typeof value === 'string') response.writeHead(200, { 'content-type': 'text/html' }).end(value);
      else response.end(JSON.stringify(value));
    });
    const transport = new Transport({ ...QUICK, tries: 1 }, silentLogger);
    open.push(server, transport);
    return { hub: new DockerHub(transport, { search: server.url, api: server.url }), requests };
  }

  it('is searched', async () => {
    const { hub, requests } = await hubWith(() => ({
      results: [
        { name: 'nginx', description: 'Official\nbuild', star_count: 20_000, is_official: true },
        { name: 'bitnami/nginx', description: '', star_count: 1 },
        { name: 'Not/Valid' },
        { name: 7 },
        null,
      ],
    }));
    assert.deepEqual(await hub.search('ng inx&', SIGNAL), [
      { repository: 'library/nginx', description: 'Official build', stars: 20_000, official: true },
      { repository: 'bitnami/nginx', description: '', stars: 1, official: false },
    ]);
    assert.equal(requests[0]?.path, '/v1/search');
    assert.equal(requests[0]?.query.get('q'), 'ng inx&');
    assert.equal(requests[0]?.headers.authorization, undefined);
  });

  it('lists an owner’s repositories and a repository’s tags in parts, at its own address only', async () => {
    const { hub, requests } = await hubWith(({ query, path }) => ({
      next: query.get('page') === '1' ? 'https://evil.example/?page=2' : null,
      results: path.endsWith('/tags/')
        ? [{ name: `t${query.get('page')}` }, { name: '' }]
        : [{ name: `r${query.get('page')}` }, { name: '../x' }],
    }));
    const first = await hub.repositories('me', undefined, SIGNAL);
    assert.deepEqual(first, { items: ['me/r1'], next: '?page=2' });
    assert.deepEqual(await hub.repositories('me', first.next, SIGNAL), { items: ['me/r2'] });
    const tags = await hub.tags('library/nginx', undefined, SIGNAL);
    assert.deepEqual(tags, { items: ['t1'], next: '?page=2' });
    assert.deepEqual(
      requests.map(({ path }) => path),
      ['/v2/repositories/me/', '/v2/repositories/me/', '/v2/repositories/library/nginx/tags/'],
    );
    assert.equal(requests[0]?.query.get('page_size'), '100');
  });

  it("reports answers that it doesn't expect", async () => {
    for (const [answer, type] of [
      ['<html>', HtmlInsteadError],
      [404, NotFoundError],
      [429, RateLimitedError],
      [500, ServerError],
      [[], ServerError],
    ] as const) {
      const { hub } = await hubWith(() => answer);
      await assert.rejects(hub.tags('a/b', undefined, SIGNAL), type);
    }
  });
});
