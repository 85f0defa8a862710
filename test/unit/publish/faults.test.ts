import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import type { BlobSource } from '../../../src/oci/byteSource.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { DigestMismatchError } from '../../../src/oci/mismatchErrors.ts';
import { withBlobBody } from '../../../src/publish/blobBody.ts';
import { ImmutableTagError } from '../../../src/registry/api/uploadErrors.ts';
import { sha256 } from '../../support/registry/store.ts';
import { errorReply } from '../../support/registry/reply.ts';
import {
  startWritableRegistry,
  type Instead,
  type WritableOptions,
  type WritableRegistry,
} from '../../support/writableRegistry.ts';
import { ALICE, reach, type Reached } from './publishing.ts';

const open: { close(): unknown }[] = [];
after(async () => {
  for (const each of open.toReversed()) await each.close();
});

const bytes = randomBytes(3_000_000);
const blob: Descriptor = { mediaType: 'application/octet-stream', digest: sha256(bytes), size: bytes.length };
const refusal = (status: number, code: string): ReturnType<typeof errorReply> => errorReply(status, code, 'refused');

async function start(
  options: WritableOptions = {},
  more: Parameters<typeof reach>[1] = { account: ALICE },
): Promise<{ registry: WritableRegistry; to: Reached }> {
  const registry = await startWritableRegistry(options);
  const to = reach(registry, more);
  open.push(registry, to);
  return { registry, to };
}

function sourceOf(content: Buffer): BlobSource {
  return {
    read: () => assert.fail('the source delivers parts'),
    readRange: (_blob, from, end) => Promise.resolve(Uint8Array.from(content.subarray(from, end))),
  };
}

/** Sends the blob, and returns the sum of what was reported. */
async function send(to: Reached, mountFrom?: string, content = bytes): Promise<{ outcome: string; reported: number }> {
  let reported = 0;
  const outcome = await withBlobBody(sourceOf(content), blob, to.signal, body =>
    to.writer.uploadBlob('team/app', body, { mountFrom, report: count => void (reported += count) }, to.signal),
  );
  return { outcome, reported };
}

const methods = ({ requests }: WritableRegistry): string => requests.map(({ method }) => method).join(' ');

for (const [kind, location] of [
  ['relative', (path: string) => `${path}?_state=a%2Fb%3D`],
  ['relative to the request', (path: string) => `${path.split('/').at(-1)}?_state=a%2Fb%3D`],
] as const)
  test(`a ${kind} Location with a query is followed, and the query stays as it is`, async () => {
    const { registry, to } = await start({ location });
    assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
    assert.deepEqual(registry.store.blob(blob.digest), bytes);
    assert.equal(methods(registry), 'HEAD POST PUT');
  });

test('a Location on another host gets no credentials', async () => {
  const storage = await startWritableRegistry({ before: () => ({ status: 201, headers: {}, body: Buffer.alloc(0) }) });
  open.push(storage);
  const { registry, to } = await start({
    location: path => `${storage.url}${path}?signed=1`,
    before: request => {
      const basic = errorReply(401, 'UNAUTHORIZED', 'sign in', { 'www-authenticate': 'Basic realm="r"' });
      return request.headers.authorization === undefined ? basic : undefined;
    },
  });
  assert.equal((await send(to)).outcome, 'sent');
  assert.ok(registry.requests.some(({ headers }) => headers.authorization !== undefined));
  assert.deepEqual(
    storage.requests.map(({ method, headers }) => [method, headers.authorization]),
    [['PUT', undefined]],
  );
});

test('a token that expired in the middle is replaced, and the body sent again', async () => {
  let refused = 0;
  const { registry, to } = await start({
    before: request => {
      const stale = request.method === 'PUT' && refused++ === 0;
      const basic = errorReply(401, 'UNAUTHORIZED', 'sign in', { 'www-authenticate': 'Basic realm="r"' });
      return stale ? basic : undefined;
    },
  });
  assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
  assert.deepEqual(registry.store.blob(blob.digest), bytes);
});

for (const fault of ['reset', refusal(503, 'UNAVAILABLE'), refusal(404, 'BLOB_UPLOAD_UNKNOWN')] as const)
  test(`after ${fault === 'reset' ? 'a reset' : fault.status} the upload starts again, and is counted once`, async () => {
    let faults = 0;
    const before = ({ method }: { method: string }): Instead =>
      method === 'PUT' && faults++ === 0 ? fault : undefined;
    const { registry, to } = await start({ before }, {});
    assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
    assert.deepEqual(registry.store.blob(blob.digest), bytes);
    assert.equal(methods(registry), 'HEAD POST PUT HEAD POST PUT');
  });

test('when only the answer got lost, nothing is sent again', async () => {
  const { registry, to } = await start({ after: request => (request.method === 'PUT' ? 'reset' : undefined) });
  assert.equal((await send(to)).outcome, 'sent');
  assert.equal(methods(registry), 'HEAD POST PUT HEAD');
});

test('a limit of the body leads to parts, which become smaller until they are accepted', async () => {
  const { registry, to } = await start({
    before: (_request, body) => (body.length > 500_000 ? refusal(413, 'SIZE_INVALID') : undefined),
  });
  assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
  assert.deepEqual(registry.store.blob(blob.digest), bytes);
  const ranges = registry.requests.filter(({ status, method }) => method === 'PATCH' && status === 202);
  assert.equal(ranges[0]?.headers['content-range'], `0-${Number(ranges[0]?.headers['content-length']) - 1}`);
});

test('a part that broke off is continued where the registry says', async () => {
  let breaks = 0;
  const { registry, to } = await start({
    before: (_request, body) => (body.length > 2_000_000 ? refusal(413, 'SIZE_INVALID') : undefined),
    after: request => (request.method === 'PATCH' && breaks++ === 0 ? 'reset' : undefined),
  });
  assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
  assert.deepEqual(registry.store.blob(blob.digest), bytes);
  assert.match(methods(registry), /PATCH GET PATCH/);
});

test('a registry that takes no body in a PUT gets a PATCH of any length', async () => {
  const { registry, to } = await start({
    before: (request, body) => (request.method === 'PUT' && body.length > 0 ? refusal(405, 'UNSUPPORTED') : undefined),
  });
  assert.deepEqual(await send(to), { outcome: 'sent', reported: bytes.length });
  assert.deepEqual(registry.store.blob(blob.digest), bytes);
});

for (const status of [202, 401, 400])
  test(`a mount that is refused with ${status} ends in an upload`, async () => {
    const { registry, to } = await start({
      before: request => (request.query.has('mount') && status !== 202 ? refusal(status, 'UNAUTHORIZED') : undefined),
    });
    assert.deepEqual(await send(to, 'team/base'), { outcome: 'sent', reported: bytes.length });
    assert.deepEqual(registry.store.blob(blob.digest), bytes);
    const posts = registry.requests.filter(({ method, query }) => method === 'POST' && !query.has('mount'));
    assert.equal(posts.length, status === 202 ? 0 : 1, 'the upload that a refused mount opens is used');
  });

test('bytes that are not those of the digest never complete an upload', async () => {
  const { registry, to } = await start();
  await assert.rejects(send(to, undefined, Buffer.concat([bytes.subarray(1), Buffer.alloc(1)])), DigestMismatchError);
  assert.equal(registry.store.blob(blob.digest), undefined);
});

test('a protected tag is reported as one', async () => {
  const { to } = await start({ before: ({ method }) => (method === 'PUT' ? refusal(400, 'TAG_INVALID') : undefined) });
  const document = Buffer.from('{"schemaVersion":2}');
  const manifest = { bytes: document, mediaType: 'application/json', digest: sha256(document) };
  await assert.rejects(to.writer.putManifest('team/app', '1', manifest, to.signal), (error: unknown) => {
    assert.ok(error instanceof ImmutableTagError);
    assert.match(error.message, /doesn't let the tag 1 of team\/app be replaced.*Use another tag/);
    return true;
  });
});
