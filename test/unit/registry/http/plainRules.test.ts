import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  guardedLookup,
  mayLead,
  PrivateAddressError,
  resolveZone,
  zoneOfHost,
} from '../../../../src/registry/http/addresses.ts';
import { apiUrl, baseUrl, defaultConfig, endpointsOf, type Mirror } from '../../../../src/registry/config.ts';
import { parseContentRange, nextLink, parseWarnings } from '../../../../src/registry/http/headers.ts';
import { InsecureRefusedError, RedirectRefusedError } from '../../../../src/registry/errors.ts';
import { proxyFor, resolveProxies } from '../../../../src/registry/http/proxies.ts';
import { rateLimitOf } from '../../../../src/registry/http/rateLimit.ts';
import { quoteFromServer, redactUrl } from '../../../../src/registry/redact.ts';
import { keepsSecrets, redirectTarget } from '../../../../src/registry/http/redirects.ts';
import { backoff, retryAfter } from '../../../../src/registry/http/retry.ts';
import { sortTags } from '../../../../src/registry/api/sortTags.ts';

describe('configurations', () => {
  it('have defaults', () => {
    assert.deepEqual(defaultConfig('docker.io'), { name: 'docker.io', url: 'https://registry-1.docker.io' });
    for (const name of [
      'localhost',
      'localhost:5000',
      'reg.localhost:1',
      '127.0.0.1:5000',
      '127.9.9.9',
      '[::1]:5000',
    ]) {
      assert.equal(defaultConfig(name).url, `http://${name}`, name);
    }
    for (const name of ['ghcr.io', '10.0.0.1:5000', '[fe80::1]:5000', 'localhost.example', '127.0.0.1.example']) {
      assert.equal(defaultConfig(name).url, `https://${name}`, name);
    }
  });

  it('accept addresses as users write them', () => {
    const cases: [string, string][] = [
      ['registry.example', 'https://registry.example'],
      ['localhost:5000/', 'http://localhost:5000'],
      ['https://host/artifactory/api/docker/repo/', 'https://host/artifactory/api/docker/repo'],
      ['https://host/v2/', 'https://host'],
      ['https://host/prefix/v2', 'https://host/prefix'],
      ['http://user:secret@host/?q#f', 'http://host'],
    ];
    for (const [text, expected] of cases) assert.equal(baseUrl(text), expected);
  });

  it('refuse plain HTTP to other machines unless allowed', () => {
    assert.throws(() => endpointsOf({ name: 'r.example', url: 'http://r.example' }), InsecureRefusedError);
    assert.throws(
      () => endpointsOf({ name: 'r.example', url: 'https://r.example', mirrors: ['http://m.example'] }),
      InsecureRefusedError,
    );
    assert.equal(
      endpointsOf({ name: 'r.example', url: 'http://r.example', insecure: true })[0].url,
      'http://r.example',
    );
    assert.equal(endpointsOf({ name: 'localhost:1', url: 'http://localhost:1' })[0].url, 'http://localhost:1');
  });

  it('put mirrors first, without the registry’s client certificate', () => {
    const all = endpointsOf({
      name: 'docker.io',
      url: 'https://registry-1.docker.io',
      mirrors: ['https://m.example/hub'],
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
    });
    assert.deepEqual(all, [
      { name: 'm.example', url: 'https://m.example/hub', mirrorOf: 'docker.io', ca: 'CA' },
      { name: 'docker.io', url: 'https://registry-1.docker.io', ca: 'CA', cert: 'CERT', key: 'KEY' },
    ]);
  });

  it('name the registry to mirrors on another host, unless the setting says otherwise', () => {
    const named = (mirror: Mirror): string | undefined =>
      endpointsOf({ name: 'docker.io', url: 'https://registry-1.docker.io', mirrors: [mirror] })[0].mirrorOf;
    assert.equal(named('https://m.example'), 'docker.io');
    assert.equal(named({ url: 'https://m.example', ns: true }), 'docker.io');
    assert.equal(named({ url: 'https://m.example' }), 'docker.io');
    assert.equal(named({ url: 'https://m.example', ns: false }), undefined);
    const [endpoint] = endpointsOf({ name: 'r.example', url: 'https://r.example', mirrors: ['https://m.example'] });
    assert.equal(apiUrl(endpoint, 'a/tags/list?n=1'), 'https://m.example/v2/a/tags/list?n=1&ns=r.example');
    assert.equal(apiUrl(endpoint, ''), 'https://m.example/v2/?ns=r.example');
  });

  it('give a mirror its own certificates, and the registry’s authorities', () => {
    const [mirror, other] = endpointsOf({
      name: 'docker.io',
      url: 'https://registry-1.docker.io',
      mirrors: ['https://m.example:5000/hub', 'https://constructor'],
      mirrorCertificates: { 'm.example:5000': { ca: 'OWN', cert: 'CERT', key: 'KEY' } },
      ca: 'CA',
    });
    assert.deepEqual([mirror?.ca, mirror?.cert, mirror?.key], ['CA\nOWN', 'CERT', 'KEY']);
    assert.deepEqual([other?.ca, other?.cert, other?.key], ['CA', undefined, undefined]);
  });
});

describe('addresses', () => {
  it('have a zone', () => {
    const cases: Record<string, string | undefined> = {
      localhost: 'loopback',
      'a.localhost': 'loopback',
      '127.0.0.1': 'loopback',
      '127.255.0.3': 'loopback',
      '[::1]': 'loopback',
      '0.0.0.0': 'loopback',
      '[::]': 'loopback',
      '[::ffff:127.0.0.1]': 'loopback',
      '[::ffff:7f00:1]': 'loopback',
      '169.254.169.254': 'linkLocal',
      '[fe80::1]': 'linkLocal',
      '10.1.2.3': 'private',
      '172.16.0.1': 'private',
      '172.31.255.255': 'private',
      '192.168.1.1': 'private',
      '100.64.0.1': 'private',
      '[fd00::1]': 'private',
      '[::ffff:10.0.0.1]': 'private',
      '172.32.0.1': 'public',
      '8.8.8.8': 'public',
      '[2001:db8::1]': 'public',
      'example.com': undefined,
    };
    for (const [host, zone] of Object.entries(cases))
      assert.equal(zoneOfHost(new URL(`http://${host}`).hostname), zone, host);
  });

  it('of a registry limit where its answers may lead', () => {
    for (const zone of ['loopback', 'linkLocal', 'private'] as const) assert.equal(mayLead('public', zone), false);
    assert.equal(mayLead('loopback', 'loopback'), true);
    assert.equal(mayLead('private', 'private'), true);
    assert.equal(mayLead('private', 'loopback'), false);
    for (const zone of ['loopback', 'private', 'public'] as const) assert.equal(mayLead(zone, 'linkLocal'), false);
  });

  it('are also checked when a name is resolved', async () => {
    assert.equal(await resolveZone('localhost'), 'loopback');
    assert.equal(await resolveZone('no-such-host.invalid'), 'public');
    const look = (from: 'public' | 'loopback' | undefined, host: string): Promise<unknown> =>
      new Promise((resolve, reject) =>
        guardedLookup(from)(host, { all: true }, (error, found) => (error ? reject(error) : resolve(found))),
      );
    await assert.rejects(look('public', 'localhost'), PrivateAddressError);
    await look('loopback', 'localhost');
    await look(undefined, 'localhost');
    assert.deepEqual(await look('loopback', 'registry.localhost'), [{ address: '127.0.0.1', family: 4 }]);
  });
});

describe('redirects', () => {
  it('are resolved and checked', () => {
    const from = new URL('https://r.example/v2/x');
    assert.equal(redirectTarget(from, '../y?z#part', 'r.example').href, 'https://r.example/y?z');
    assert.equal(redirectTarget(from, '//cdn.example/b', 'r.example').href, 'https://cdn.example/b');
    for (const umlaut of ['ü', Buffer.from('ü').toString('latin1'), '%C3%BC'])
      assert.equal(
        redirectTarget(from, `/${umlaut}?a=${umlaut}`, 'r.example').href,
        'https://r.example/%C3%BC?a=%C3%BC',
      );
    assert.equal(redirectTarget(from, '/\u{fc}\u{4e2d}', 'r.example').href, 'https://r.example/%C3%BC%E4%B8%AD');
    for (const bad of ['http://r.example/', 'ftp://r.example/', 'https://u:p@r.example/', 'https://', 'data:,x']) {
      assert.throws(() => redirectTarget(from, bad, 'r.example'), RedirectRefusedError, bad);
    }
  });

  it('keep secrets on the same origin, and when encryption is added', () => {
    const cases: [string, string, boolean][] = [
      ['https://a/x', 'https://a/y', true],
      ['https://a/x', 'https://a:443/y', true],
      ['https://a/x', 'https://a:444/y', false],
      ['https://a/x', 'https://b/x', false],
      ['https://a/x', 'https://sub.a/x', false],
      ['http://a/x', 'https://a/x', true],
      ['http://a:5000/x', 'https://a/x', false],
      ['https://a/x', 'http://a/x', false],
    ];
    for (const [from, to, kept] of cases)
      assert.equal(keepsSecrets(new URL(from), new URL(to)), kept, `${from} -> ${to}`);
  });
});

describe('proxies', () => {
  it('come from the editor, or else from the environment', () => {
    const environment = {
      http_proxy: 'http://low:1',
      HTTP_PROXY: 'http://up:1',
      HTTPS_PROXY: 'up:2',
      NO_PROXY: 'a.example, .b.example',
    };
    assert.deepEqual(resolveProxies({}, environment), {
      httpProxy: { url: 'http://low:1', setting: 'http_proxy' },
      httpsProxy: { url: 'http://up:2', setting: 'HTTPS_PROXY' },
      noProxy: ['a.example', '.b.example'],
    });
    assert.deepEqual(resolveProxies({ proxy: 'http://editor:3', noProxy: ['c.example'] }, environment), {
      httpProxy: { url: 'http://editor:3', setting: 'http.proxy' },
      httpsProxy: { url: 'http://editor:3', setting: 'http.proxy' },
      noProxy: ['c.example'],
    });
    assert.deepEqual(resolveProxies({ proxy: 'http://editor:3', proxySupport: 'off' }, environment), { noProxy: [] });
    assert.deepEqual(resolveProxies({ proxy: ' ' }, { ALL_PROXY: 'socks5h://s:1' }), {
      httpProxy: { url: 'socks5://s:1', setting: 'ALL_PROXY' },
      httpsProxy: { url: 'socks5://s:1', setting: 'ALL_PROXY' },
      noProxy: [],
    });
    assert.deepEqual(resolveProxies({}, {}), { noProxy: [] });
  });

  it('are not used for excepted hosts', () => {
    const httpProxy = { url: 'http://p', setting: 'HTTP_PROXY' };
    const httpsProxy = { url: 'http://q', setting: 'HTTPS_PROXY' };
    const through = (url: string, ...noProxy: string[]): boolean =>
      proxyFor(new URL(url), { httpProxy, httpsProxy, noProxy }) !== undefined;
    assert.equal(proxyFor(new URL('http://x'), { httpProxy, httpsProxy, noProxy: [] }), httpProxy);
    assert.equal(proxyFor(new URL('https://x'), { httpProxy, httpsProxy, noProxy: [] }), httpsProxy);
    const cases: [string, string, boolean][] = [
      ['https://a.example', '*', false],
      ['https://a.example', 'a.example', false],
      ['https://A.example', 'a.EXAMPLE', false],
      ['https://sub.a.example', 'a.example', false],
      ['https://sub.a.example', '.a.example', false],
      ['https://sub.a.example', '*.a.example', false],
      ['https://nota.example', 'a.example', true],
      ['https://a.example:5000', 'a.example:5000', false],
      ['https://a.example:5001', 'a.example:5000', true],
      ['https://a.example', 'a.example:443', false],
      ['https://10.1.2.3', '10.0.0.0/8', false],
      ['https://11.1.2.3', '10.0.0.0/8', true],
      ['https://[fd00::1]', 'fd00::/8', false],
      ['https://[fd00::1]:5000', '[fd00::1]:5000', false],
      ['https://[fd00::1]', 'fd00::1', false],
      ['https://a.example', '10.0.0.0/8', true],
      ['https://10.1.2.3', '10.0.0.0/99', true],
    ];
    for (const [url, entry, used] of cases) assert.equal(through(url, entry), used, `${url} with ${entry}`);
    for (const url of ['http://localhost:5000', 'http://127.0.0.1', 'http://[::1]:5000'])
      assert.equal(through(url), false, url);
  });
});

describe('headers', () => {
  it('have Retry-After in seconds, as a date, or as garbage', () => {
    const now = Date.parse('2024-01-01T00:00:00Z');
    assert.equal(retryAfter({ 'retry-after': '7' }, now), 7000);
    assert.equal(retryAfter({ 'retry-after': 'Mon, 01 Jan 2024 00:00:05 GMT' }, now), 5000);
    assert.equal(retryAfter({ 'retry-after': 'Sun, 31 Dec 2023 00:00:00 GMT' }, now), 0);
    for (const text of ['', 'soon', '-5']) assert.equal(retryAfter({ 'retry-after': text }, now), undefined, text);
    assert.equal(retryAfter({}, now), undefined);
  });

  it('double the wait between attempts, with jitter and a limit', () => {
    assert.equal(
      backoff(1, 500, () => 1),
      500,
    );
    assert.equal(
      backoff(1, 500, () => 0),
      250,
    );
    assert.equal(
      backoff(4, 500, () => 1),
      4000,
    );
    assert.equal(
      backoff(40, 500, () => 1),
      30_000,
    );
  });

  it('Content-Range', () => {
    assert.deepEqual(parseContentRange('bytes 5-9/100'), { start: 5, end: 10, total: 100 });
    assert.deepEqual(parseContentRange('bytes 0-0/*'), { start: 0, end: 1, total: undefined });
    for (const text of [
      undefined,
      '',
      'bytes */100',
      'bytes 9-5/100',
      'bytes 5-100/100',
      'items 5-9/100',
      'bytes -5/100',
      'bytes 5-9',
    ])
      assert.equal(parseContentRange(text), undefined, text);
  });

  it('Link', () => {
    assert.equal(nextLink('</v2/_catalog?last=b&n=2>; rel="next"'), '/v2/_catalog?last=b&n=2');
    assert.equal(nextLink('<a>; rel=prev, <b,c;d>; title="x, y"; REL="last Next"'), 'b,c;d');
    assert.equal(nextLink(['<a>; rel="first"', '<b>;rel=next']), 'b');
    for (const text of [undefined, '', '<a>', '<a>; rel="nexter"', 'a; rel=next', '</a; rel=next'])
      assert.equal(nextLink(text), undefined, text);
    nextLink('<a>; '.repeat(50_000));
  });

  it('Warning', () => {
    assert.deepEqual(parseWarnings('299 - "old \\"image\\", beware"'), ['old "image", beware']);
    assert.deepEqual(parseWarnings(['110 cache "stale", 299 - "one"', '299 - "two"']), ['one', 'two']);
    assert.deepEqual(parseWarnings(undefined), []);
  });

  it('rate limits', () => {
    assert.deepEqual(rateLimitOf({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }), {
      limit: 100,
      remaining: 76,
      window: 21_600,
    });
    assert.deepEqual(rateLimitOf({ 'ratelimit-remaining': '0' }), {
      limit: undefined,
      remaining: 0,
      window: undefined,
    });
    assert.equal(rateLimitOf({}), undefined);
  });

  it('and addresses of servers are made fit to be shown', () => {
    assert.equal(redactUrl('https://user:pw@host:8/path?X-Amz-Signature=secret#frag'), 'https://host:8/path?…');
    assert.equal(redactUrl('no address'), '(not a valid address)');
    assert.equal(quoteFromServer('a\u001b[31m\r\nb\u202e'), 'a [31m b');
    assert.equal(quoteFromServer('x'.repeat(300)).length, 201);
  });
});

describe('tags', () => {
  it('are sorted as users look for them', () => {
    const sorted = [
      'latest',
      'v2.0',
      '1',
      '1.36',
      '1.36-musl',
      '1.36.1',
      '1.36.1-glibc',
      '1.36.1-musl',
      '1.36.0',
      '1.36.0-rc.2',
      '1.36.0-rc.1',
      '1.36.0-beta',
      '1.9',
      '1.9.10',
      '1.9.9',
      '0.1',
      'alpine',
      'edge',
      'stable',
      '1f2e3d4c5b6a',
      `sha256-${'a'.repeat(64)}.sig`,
    ];
    const shuffled = sorted.toSorted((a, b) =>
      [...a]
        .reverse()
        .join('')
        .localeCompare([...b].reverse().join('')),
    );
    assert.deepEqual(sortTags(shuffled), sorted);
  });

  it('that are huge numbers are sorted by value, and dates come after versions', () => {
    assert.deepEqual(sortTags(['20230101', '20240101', '2024.1', '99999999999999999999', '100000000000000000000']), [
      '100000000000000000000',
      '99999999999999999999',
      '2024.1',
      '20240101',
      '20230101',
    ]);
    assert.deepEqual(sortTags(['20240923', '3.20.3', 'edge', '2024-09-23', '3.20', '202409231530']), [
      '3.20',
      '3.20.3',
      '202409231530',
      '20240923',
      '2024-09-23',
      'edge',
    ]);
    assert.deepEqual(sortTags(['b10', 'b9', 'a']), ['a', 'b9', 'b10']);
  });

  it('of any form are sorted in time, and none is lost', () => {
    const odd = ['1.'.repeat(64), '-'.repeat(3), '9'.repeat(128), 'a1'.repeat(64), '1-rc'.repeat(30), ''];
    assert.deepEqual(sortTags(odd).toSorted(), odd.toSorted());
  });
});
