import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerHubKind } from '../../../../src/registry/vendors/dockerHubKind.ts';
import { googleChildren, googleTags } from '../../../../src/registry/vendors/google.ts';
import { harbor } from '../../../../src/registry/vendors/harbor.ts';
import { quay } from '../../../../src/registry/vendors/quay.ts';
import { seenIn, type AskApi } from '../../../../src/registry/vendors/registryKind.ts';
import { realDate } from '../../../../src/registry/vendors/tagDetail.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const { signal } = new AbortController();
const origin = 'https://r.example';

/** Answers addresses from a table; everything else is refused. */
function api(answers: Readonly<Record<string, unknown>>): AskApi & { readonly asked: string[] } {
  const asked: string[] = [];
  const ask: AskApi = url => {
    asked.push(url);
    return Promise.resolve(answers[url] as never);
  };
  return Object.assign(ask, { asked });
}

test('registries are recognised by host or challenge, and not by a part of either', () => {
  const of = (header: string): ReturnType<typeof seenIn> => seenIn('r.example', header);
  assert.ok(quay.recognises({ host: 'quay.io' }));
  assert.ok(quay.recognises(of('Bearer realm="https://r.example/v2/auth",service="r.example"')));
  assert.ok(!quay.recognises(of('Bearer realm="https://r.example/token?x=/v2/auth",service="x"')));
  assert.ok(harbor.recognises(of('Bearer realm="https://r.example/service/token",service="harbor-registry"')));
  assert.ok(!harbor.recognises({ host: 'harbor.example' }));
  assert.ok(dockerHubKind.recognises({ host: 'docker.io' }));
  assert.ok(!dockerHubKind.recognises({ host: 'docker.io.example' }));
});

test("Docker Hub's tags have dates, sizes and digests; unusable ones are left out", async () => {
  const base = 'https://hub.docker.com/v2/namespaces/library/repositories/alpine/tags';
  const ask = api({
    [`${base}?page=1&page_size=100`]: {
      results: [
        { name: '3.20', digest, full_size: 3_600_000, tag_last_pushed: '2024-09-06T22:00:00.123456Z' },
        { name: 'old', digest: null, full_size: 0, tag_last_pushed: null, last_updated: '0001-01-01T00:00:00Z' },
      ],
      next: 'https://elsewhere.example/',
    },
    [`${base}?page=2&page_size=100`]: { results: [{ name: 'edge' }], next: null },
  });
  const tags = await dockerHubKind.tags?.(ask, origin, 'library/alpine', signal);
  assert.deepEqual(tags, [
    { tag: '3.20', digest, size: 3_600_000, pushed: '2024-09-06T22:00:00.123Z' },
    { tag: 'old' },
    { tag: 'edge' },
  ]);
  assert.ok(ask.asked.every(url => url.startsWith('https://hub.docker.com/')));
});

test("Quay's repositories are listed by owner, and tags by page", async () => {
  const ask = api({
    [`${origin}/api/v1/repository?namespace=org&public=true`]: {
      repositories: [{ namespace: 'org', name: 'one' }],
      next_page: 'x y',
    },
    [`${origin}/api/v1/repository?namespace=org&public=true&next_page=x+y`]: {
      repositories: [{ namespace: 'org', name: 'two' }],
    },
    [`${origin}/api/v1/repository/org/one/tag/?onlyActiveTags=true&limit=100&page=1`]: {
      tags: [{ name: 'v1', manifest_digest: digest, size: null, start_ts: 1_700_000_000 }],
      has_additional: false,
    },
  });
  assert.deepEqual(await quay.repositories?.(ask, origin, 'org', signal), ['org/one', 'org/two']);
  assert.equal(await quay.repositories?.(ask, origin, undefined, signal), undefined);
  assert.deepEqual(await quay.tags?.(ask, origin, 'org/one', signal), [
    { tag: 'v1', digest, pushed: '2023-11-14T22:13:20.000Z' },
  ]);
  assert.equal(await quay.tags?.(ask, origin, 'org/hidden', signal), undefined);
});

test("Harbor's projects are walked, and a slash in a repository is encoded twice", async () => {
  const ask = api({
    [`${origin}/api/v2.0/projects?page=1&page_size=100`]: [{ name: 'library' }, { name: 'closed' }],
    [`${origin}/api/v2.0/projects/library/repositories?page=1&page_size=100`]: [{ name: 'library/a/b' }],
    [`${origin}/api/v2.0/projects/library/repositories/a%252Fb/artifacts?with_tag=true&q=tags%3D*&sort=-push_time&page=1&page_size=100`]:
      [
        {
          digest,
          size: 42,
          push_time: '2024-01-01T00:00:00Z',
          tags: [{ name: 'v1', push_time: '2024-02-01T00:00:00Z' }, { name: 'v2' }],
          extra_attrs: { created: '1970-01-01T00:00:00Z' },
        },
      ],
  });
  assert.deepEqual(await harbor.repositories?.(ask, origin, undefined, signal), ['library/a/b']);
  assert.deepEqual(await harbor.tags?.(ask, origin, 'library/a/b', signal), [
    { tag: 'v1', digest, size: 42, pushed: '2024-02-01T00:00:00.000Z' },
    { tag: 'v2', digest, size: 42, pushed: '2024-01-01T00:00:00.000Z' },
  ]);
  assert.equal(await harbor.repositories?.(ask, origin, 'secret', signal), undefined);
});

test("Google's list has children, and manifests with dates as texts", () => {
  const answer = {
    name: 'project/app',
    child: ['api', 'web'],
    manifest: {
      [digest]: { imageSizeBytes: '1234', tag: ['v1', 'latest'], timeUploadedMs: '1700000000000', timeCreatedMs: '0' },
    },
    tags: ['latest', 'v1'],
  };
  assert.deepEqual(googleChildren(answer, 'project/app'), ['project/app/api', 'project/app/web']);
  assert.deepEqual(googleTags(answer), [
    { tag: 'v1', digest, size: 1234, pushed: '2023-11-14T22:13:20.000Z' },
    { tag: 'latest', digest, size: 1234, pushed: '2023-11-14T22:13:20.000Z' },
  ]);
  assert.equal(googleTags({ tags: ['v1'] }), undefined);
  assert.equal(googleChildren({ tags: [] }, 'x'), undefined);
});

test('dates of reproducible builds are no dates', () => {
  const now = Date.UTC(2026, 0, 1);
  for (const date of [
    '1970-01-01T00:00:00Z',
    '1980-01-01T00:00:01Z',
    '0001-01-01T00:00:00Z',
    '',
    'soon',
    null,
    undefined,
    '2027-01-01T00:00:00Z',
  ]) {
    assert.equal(realDate(date, now), undefined, String(date));
  }
  assert.equal(realDate('2024-05-01T12:00:00+02:00', now), '2024-05-01T10:00:00.000Z');
});
