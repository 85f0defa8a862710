import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Descriptor } from '../../../../src/oci/descriptor.ts';
import { SizeMismatchError } from '../../../../src/oci/mismatchErrors.ts';
import { ForbiddenError, NotFoundError, ServerError, TooLargeError } from '../../../../src/registry/errors.ts';
import { image, layer } from '../../../support/image.ts';
import { listen, type Listening } from '../../../support/listen.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { bodyBytes } from '../../../support/registry/reply.ts';
import { ask, Collected, configOf, storeBlob, type Asking } from '../asking.ts';

const SIZE = 40_000;
const MANIFESTS = { path: '/manifests/' };
const BLOBS = { path: '/blobs/' };
const built = image({ layers: [layer(Buffer.alloc(1024))] });

describe('odd servers', () => {
  let registry: Registry;
  let mirror: Registry;
  let asking: Asking;
  let bytes: Buffer;
  let blob: Descriptor;
  before(async () => {
    registry = await startRegistry();
    mirror = await startRegistry();
    asking = ask(configOf(registry));
    registry.store.put('some/name', built, 'latest');
    mirror.store.put('some/name', built, 'latest');
    ({ bytes, blob } = storeBlob(registry.store, 'some/name', SIZE));
  });
  afterEach(() => {
    for (const each of [registry, mirror]) {
      each.faults.clear();
      each.requests.length = 0;
    }
  });
  after(async () => {
    await asking.close();
    for (const each of [registry, mirror]) await each.close();
  });

  const manifest = (version = 'latest', by = asking): ReturnType<Asking['client']['manifest']> =>
    by.client.manifest('some/name', version, by.signal);
  async function read(from = 0, descriptor = blob): Promise<Buffer> {
    const sink = new Collected();
    await asking.client.blobs('some/name').read(descriptor, from, sink, asking.signal);
    return sink.bytes;
  }

  /** Sends another body with a Content-Encoding. */
  const encoded =
    (coding: string, encode: (body: Buffer) => Buffer): faults.Fault =>
    reply => ({
      ...reply,
      headers: { ...reply.headers, 'content-encoding': coding, 'content-length': '' },
      body: encode(Buffer.from(bodyBytes(reply.body))),
    });

  describe('that encode their answers', () => {
    const encodings: Readonly<Record<string, (body: Buffer) => Buffer>> = {
      gzip: body => gzipSync(body),
      'X-GZip': body => gzipSync(body),
      deflate: body => deflateSync(body),
      ' deflate': body => deflateRawSync(body),
      zstd: body => zstdCompressSync(body),
      br: body => brotliCompressSync(body),
      'gzip, zstd': body => zstdCompressSync(gzipSync(body)),
      identity: body => body,
      // Not encoded at all.
      'gzip ': body => body,
      unknown: body => body,
    };

    it('have their manifests, lists and refusals decoded', async () => {
      for (const [coding, encode] of Object.entries(encodings)) {
        registry.fault({ path: '/v2/' }, encoded(coding, encode));
        for (const version of ['latest', built.digest]) {
          const found = await manifest(version);
          assert.deepEqual(Buffer.from(found.bytes), built.bytes, coding);
          assert.equal(found.digest, built.digest);
        }
        assert.deepEqual(await asking.client.allTags('some/name', asking.signal), ['latest']);
        registry.faults.clear();
      }
      registry.fault(MANIFESTS, faults.status(400, {}, 'TAG_INVALID'));
      registry.fault(MANIFESTS, faults.gzipped());
      await assert.rejects(manifest(), /TAG_INVALID: fault 400/);
    });

    it('have documents refused that grow beyond the limit', async () => {
      registry.fault(MANIFESTS, faults.body(Buffer.alloc(4 * 1024 * 1024 + 1, 32)));
      registry.fault(MANIFESTS, faults.gzipped());
      await assert.rejects(manifest(), TooLargeError);
    });

    it('have their blobs read as sent', async () => {
      const packed = zstdCompressSync(bytes);
      const stored = registry.store.putBlob(packed);
      for (const coding of ['gzip', 'zstd']) {
        registry.fault(BLOBS, faults.headers({ 'content-encoding': coding }));
        assert.deepEqual(await read(0, { ...blob, digest: stored, size: packed.length }), packed);
        const part = await asking.client
          .blobs('some/name')
          .readRange({ ...blob, digest: stored, size: packed.length }, 0, packed.length, asking.signal);
        assert.deepEqual(part && Buffer.from(part), packed);
        registry.faults.clear();
      }
    });
  });

  describe('that refuse ranges with 416', () => {
    const ranged = (pattern: RegExp): faults.FaultMatch => ({
      ...BLOBS,
      when: request => pattern.test(request.headers.range ?? ''),
    });
    const ranges = (): unknown[] => registry.requests.map(({ headers }) => headers.range);

    it('are asked for a closed range, then for the whole', async () => {
      registry.fault({ ...BLOBS, times: 1 }, faults.resetAfter(7000));
      registry.fault(ranged(/-$/), faults.bareStatus(416));
      assert.deepEqual(await read(), bytes);
      assert.deepEqual(ranges(), [undefined, 'bytes=7000-', `bytes=7000-${SIZE - 1}`]);
      registry.faults.clear();
      registry.requests.length = 0;
      registry.fault({ ...BLOBS, times: 1 }, faults.resetAfter(7000));
      registry.fault(ranged(/./), faults.bareStatus(416, { 'content-range': `bytes */${SIZE}` }));
      assert.deepEqual(await read(), bytes);
      assert.deepEqual(ranges(), [undefined, 'bytes=7000-', `bytes=7000-${SIZE - 1}`, undefined]);
      registry.requests.length = 0;
      assert.deepEqual(await read(39_999, { ...blob, size: -1 }), bytes.subarray(39_999));
      assert.deepEqual(ranges(), ['bytes=39999-', undefined]);
    });

    it('are believed about the end of the blob', async () => {
      registry.fault(BLOBS, faults.bareStatus(416, { 'content-range': `bytes */${SIZE - 1}` }));
      await assert.rejects(read(100), SizeMismatchError);
      registry.faults.clear();
      registry.fault(BLOBS, faults.bareStatus(416, { 'content-range': `bytes */${SIZE}` }));
      assert.equal((await read(SIZE, { ...blob, size: -1 })).length, 0);
      await assert.rejects(read(0), ServerError);
    });

    it('serve no parts', async () => {
      registry.fault(BLOBS, faults.bareStatus(416));
      assert.equal(await asking.client.blobs('some/name').readRange(blob, 5, 9, asking.signal), undefined);
    });
  });

  describe('that redirect to a storage service', () => {
    const open: Listening[] = [];
    after(async () => {
      for (const each of open) await each.close();
    });
    const EXPIRED =
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

    /** Starts a storage service that refuses other paths like one whose signatures have expired. */
    async function storage(
      accepts: (path: string) => boolean,
      status = 403,
    ): Promise<{ url: string; paths: string[] }> {
      const paths: string[] = [];
      const server = await listen((request, response) => {
        const path = request.url ?? '';
        paths.push(path);
        if (accepts(path)) response.end(bytes);
        else response.writeHead(status, { 'content-type': 'application/xml' }).end(EXPIRED);
      });
      open.push(server);
      return { url: server.url, paths };
    }

    it('are asked for a new address when the signature has expired', async () => {
      for (const status of [400, 401, 403, 410]) {
        const { url, paths } = await storage(path => path === '/signed?2', status);
        let signed = 0;
        registry.fault(
          BLOBS,
          faults.redirect(() => `${url}/signed?${++signed}`),
        );
        assert.deepEqual(await read(), bytes, String(status));
        assert.deepEqual(paths, ['/signed?1', '/signed?2']);
        registry.faults.clear();
      }
    });

    it('say nothing about the account', async () => {
      const { url, paths } = await storage(() => false);
      registry.fault(
        BLOBS,
        faults.redirect(() => `${url}/signed`),
      );
      await assert.rejects(read(), error => {
        assert.ok(error instanceof ServerError && error.status === 403 && error.code === 'AccessDenied', String(error));
        assert.match(error.message, /^127\.0\.0\.1:\d+ answered 403 \(AccessDenied: Request has expired\)/);
        assert.doesNotMatch(error.message, /account/);
        return true;
      });
      assert.equal(paths.length, 2);
      registry.faults.clear();
      registry.fault(BLOBS, faults.status(403, {}, 'DENIED'));
      await assert.rejects(read(), ForbiddenError);
    });

    it('may refuse HEAD at their signed addresses', async () => {
      const { url } = await storage(() => true);
      const { url: refusing } = await storage(() => false);
      registry.fault({ ...BLOBS, method: 'HEAD' }, faults.redirect(`${refusing}/x`));
      registry.fault({ ...BLOBS, method: 'GET' }, faults.redirect(`${url}/x`));
      assert.equal(await asking.client.blobSize('some/name', blob.digest, asking.signal), SIZE);
    });

    it('may put UTF-8 into Location', async () => {
      const { url, paths } = await storage(() => true);
      for (const name of ['ü', '中/é', '%C3%BC']) {
        const raw = Buffer.from(`${url}/${name}`).toString('latin1');
        registry.fault(BLOBS, faults.redirect(raw));
        assert.deepEqual(await read(), bytes);
        assert.equal(decodeURIComponent(paths.at(-1) ?? ''), decodeURIComponent(`/${name}`));
        registry.faults.clear();
      }
    });
  });

  it('caches that stand for several registries are asked by the name of the registry, and skipped without it', async () => {
    const insists = mirror.fault({ when: ({ query }) => query.get('ns') !== registry.host }, faults.status(404));
    try {
      for (const [ns, from] of [
        [true, mirror],
        [false, registry],
      ] as const) {
        const both = ask(configOf(registry, { mirrors: [{ url: mirror.url, ns }] }));
        const found = await both.client.manifest('some/name', 'latest', both.signal);
        assert.equal(found.source, from.url);
        await both.close();
      }
    } finally {
      insists.remove();
    }
  });

  it('mirrors with an empty manifest are skipped', async () => {
    const both = ask(configOf(registry, { mirrors: [mirror.url] }));
    for (const body of ['', ' \n', 'null', '{}', '{ }']) {
      mirror.fault(MANIFESTS, faults.body(body));
      for (const version of ['latest', built.digest]) {
        assert.equal((await manifest(version, both)).source, registry.url, JSON.stringify(body));
      }
      registry.fault(MANIFESTS, faults.body(body));
      await assert.rejects(manifest('latest', both), /its manifest is empty.*Mirrors:.*its manifest is empty/);
      for (const each of [registry, mirror]) each.faults.clear();
    }
    await both.close();
  });

  it("tag lists that aren't served don't mean that the repository is missing", async () => {
    const tags = (): Promise<unknown> => asking.client.tags('some/name', {}, asking.signal);
    registry.fault({ path: '/tags/list' }, faults.status(404, {}, 'NOT_FOUND'));
    await assert.rejects(tags(), error => error instanceof ServerError && error.code === 'NOT_FOUND');
    registry.faults.clear();
    for (const fault of [faults.status(404, {}, 'NAME_UNKNOWN'), faults.bareStatus(404)]) {
      registry.fault({ path: '/tags/list' }, fault);
      await assert.rejects(tags(), error => error instanceof NotFoundError && error.what === 'repository');
      registry.faults.clear();
    }
  });
});
