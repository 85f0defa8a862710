import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Descriptor } from '../../../../src/oci/descriptor.ts';
import type { Digest } from '../../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../../src/oci/mediaTypes.ts';
import { DigestMismatchError, SizeMismatchError } from '../../../../src/oci/mismatchErrors.ts';
import {
  ConnectionLostError,
  HtmlInsteadError,
  NotFoundError,
  ServerError,
  TimeoutError,
  TooLargeError,
} from '../../../../src/registry/errors.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { tempFolder } from '../../../support/servers/process.ts';
import { ask, Collected, configOf, Hashed, sha256, storeBlob, type Asking } from '../asking.ts';

const SIZE = 40_000;
const BLOBS = { path: '/blobs/' };

describe('blobs', () => {
  let registry: Registry;
  let asking: Asking;
  let bytes: Buffer;
  let blob: Descriptor;
  before(async () => {
    registry = await startRegistry();
    asking = ask(configOf(registry));
    ({ bytes, blob } = storeBlob(registry.store, 'some/name', SIZE));
  });
  afterEach(() => {
    registry.faults.clear();
    registry.requests.length = 0;
  });
  after(async () => {
    await asking.close();
    await registry.close();
  });

  async function read(from = 0, descriptor = blob, by = asking): Promise<Buffer> {
    const sink = new Collected();
    await by.client.blobs('some/name').read(descriptor, from, sink, by.signal);
    return sink.bytes;
  }

  it('arrive whole, with one request', async () => {
    assert.deepEqual(await read(), bytes);
    assert.equal(registry.requests.length, 1);
    assert.equal(registry.requests[0]?.headers['accept-encoding'], 'identity');
  });

  it('are read from a position by Range', async () => {
    assert.deepEqual(await read(12_345), bytes.subarray(12_345));
    assert.equal(registry.requests[0]?.headers.range, 'bytes=12345-');
  });

  it('need no request if nothing is left', async () => {
    assert.equal((await read(SIZE)).length, 0);
    assert.equal(registry.requests.length, 0);
    await assert.rejects(read(SIZE + 1), SizeMismatchError);
  });

  it('resume by Range after a reset at any position', async () => {
    for (const position of [0, 1, 2, 1000, 16_383, 16_384, 39_998, 39_999]) {
      registry.fault({ ...BLOBS, times: 1 }, faults.resetAfter(position));
      assert.deepEqual(await read(), bytes, `reset after ${position} bytes`);
      registry.faults.clear();
    }
  });

  it('resume after many resets, while each connection brings something', async () => {
    registry.fault(BLOBS, faults.resetAfter(1777));
    assert.deepEqual(await read(), bytes);
    assert.ok(registry.requests.length >= SIZE / 1777);
  });

  it('fail if no connection brings anything', async () => {
    registry.fault(BLOBS, faults.resetAfter(0));
    await assert.rejects(read(), ConnectionLostError);
    assert.equal(registry.requests.length, asking.transport.options.tries);
  });

  it('resume after an early end that looks regular', async () => {
    registry.fault({ ...BLOBS, times: 1 }, faults.truncate(5000));
    assert.deepEqual(await read(), bytes);
  });

  it('resume after a chunked body that ends early', async () => {
    registry.fault({ ...BLOBS, times: 1 }, faults.chunked());
    registry.fault({ ...BLOBS, times: 1 }, faults.shorten(7000));
    assert.deepEqual(await read(), bytes);
    assert.equal(registry.requests[1]?.headers.range, 'bytes=7000-');
  });

  it('resume if the answer to a Range is the whole blob', async () => {
    registry.fault(BLOBS, faults.noRanges());
    registry.fault({ ...BLOBS, times: 2 }, faults.resetAfter(20_001));
    assert.deepEqual(await read(), bytes);
    assert.deepEqual(await read(39_000), bytes.subarray(39_000));
  });

  it("refuse a part that wasn't asked for", async () => {
    for (const lie of [
      faults.shiftedRange(10),
      faults.lyingRange(),
      faults.lyingRange('bytes */*'),
      faults.lyingRange(''),
    ]) {
      const active = registry.fault({ ...BLOBS, when: request => request.headers.range !== undefined }, lie);
      assert.deepEqual(await read(100), bytes.subarray(100));
      assert.equal(active.hits, 1, 'then the whole is asked for');
      registry.faults.clear();
    }
  });

  it('refuse a Content-Range whose total differs from the size', async () => {
    registry.fault(BLOBS, faults.lyingRange(`bytes 100-${SIZE - 1}/${SIZE + 7}`));
    await assert.rejects(read(100), SizeMismatchError);
  });

  it('refuse a Content-Length that differs from the size, before any byte', async () => {
    for (const delta of [-1, 1]) {
      registry.fault(BLOBS, faults.wrongLength(delta));
      const sink = new Collected();
      await assert.rejects(asking.client.blobs('some/name').read(blob, 0, sink, asking.signal), SizeMismatchError);
      assert.equal(sink.length, 0);
      registry.faults.clear();
    }
  });

  it('never deliver more bytes than announced', async () => {
    registry.fault(BLOBS, faults.lengthen(Buffer.from('more')));
    registry.fault(BLOBS, faults.chunked());
    const sink = new Collected();
    await assert.rejects(asking.client.blobs('some/name').read(blob, 0, sink, asking.signal), SizeMismatchError);
    assert.ok(sink.length <= SIZE);
  });

  it('accept 416 as the end only if they are complete', async () => {
    registry.fault(BLOBS, faults.bareStatus(416, { 'content-range': `bytes */${SIZE}` }));
    const unknown = { ...blob, size: -1 };
    assert.equal((await read(SIZE, unknown)).length, 0);
    await assert.rejects(read(SIZE - 1), ServerError);
    registry.faults.clear();
    registry.fault(BLOBS, faults.bareStatus(416, { 'content-range': 'bytes */5' }));
    await assert.rejects(read(1000), SizeMismatchError);
  });

  it('need no known size, whether a length, a range or neither states it', async () => {
    const unknown = { ...blob, size: -1 };
    assert.deepEqual(await read(0, unknown), bytes);
    assert.deepEqual(await read(10, unknown), bytes.subarray(10));
    registry.fault(BLOBS, faults.chunked());
    assert.deepEqual(await read(0, unknown), bytes);
    registry.faults.clear();
    registry.fault({ ...BLOBS, times: 1 }, faults.resetAfter(999));
    assert.deepEqual(await read(0, unknown), bytes);
  });

  it('are retried after 408, 429, 500, 502, 503 and 504', async () => {
    for (const status of [408, 429, 500, 502, 503, 504]) {
      registry.fault({ ...BLOBS, times: 2 }, faults.status(status));
      assert.deepEqual(await read(), bytes, `after ${status}`);
      registry.faults.clear();
    }
  });

  it('are not retried after 404, which says what is missing', async () => {
    const missing: Descriptor = { ...blob, digest: sha256('nothing') };
    await assert.rejects(
      read(0, missing),
      error => error instanceof NotFoundError && error.what === 'blob' && error.wanted === missing.digest,
    );
    assert.equal(registry.requests.length, 1);
  });

  it('are refused if a web page arrives instead', async () => {
    registry.fault(BLOBS, faults.html());
    await assert.rejects(read(), HtmlInsteadError);
  });

  it("aren't decompressed, so the size reveals a proxy that compresses", async () => {
    registry.fault(BLOBS, faults.gzipped());
    await assert.rejects(read(), SizeMismatchError);
  });

  it('resume after a stall, and fail in the end', async () => {
    const impatient = ask(configOf(registry), { idleTimeout: 300, tries: 2 });
    try {
      registry.fault({ ...BLOBS, times: 1 }, faults.stall(3000));
      assert.deepEqual(await read(0, blob, impatient), bytes);
      registry.fault(BLOBS, faults.stall(0));
      await assert.rejects(read(0, blob, impatient), error => error instanceof TimeoutError && error.phase === 'idle');
    } finally {
      await impatient.close();
    }
  });

  it('fail after silence before the first byte', async () => {
    const impatient = ask(configOf(registry), { firstByteTimeout: 300, tries: 2 });
    try {
      registry.fault(BLOBS, faults.silence());
      await assert.rejects(
        read(0, blob, impatient),
        error => error instanceof TimeoutError && error.phase === 'firstByte',
      );
    } finally {
      await impatient.close();
    }
  });

  it('may trickle for longer than the idle timeout', async () => {
    const impatient = ask(configOf(registry), { idleTimeout: 400, tries: 1 });
    try {
      registry.fault(BLOBS, faults.drip(4000, 100));
      assert.deepEqual(await read(0, blob, impatient), bytes);
    } finally {
      await impatient.close();
    }
  });

  it('stop at once if cancelled: in the head, in the body and between attempts', async () => {
    const other = ask(configOf(registry));
    try {
      const cases: [faults.Fault, (sink: Collected, fault: { readonly hits: number }) => boolean][] = [
        [faults.silence(), (_, { hits }) => hits > 0],
        [faults.stall(1000), ({ length }) => length > 0],
        [faults.status(503, { 'retry-after': '30' }), () => other.log.lines.some(line => /again/.test(line))],
      ];
      for (const [fault, there] of cases) {
        const met = registry.fault(BLOBS, fault);
        const abort = new AbortController();
        const reason = new Error('changed my mind');
        const sink = new Collected();
        const reading = other.client.blobs('some/name').read(blob, 0, sink, abort.signal);
        for (let tries = 0; tries < 2000 && !there(sink, met); tries++) await sleep(5);
        abort.abort(reason);
        await assert.rejects(reading, error => error === reason);
        registry.faults.clear();
      }
      const before = AbortSignal.abort(new Error('before'));
      await assert.rejects(other.client.blobs('some/name').read(blob, 0, new Collected(), before), /before/);
    } finally {
      await other.close();
    }
  });

  it('reject with what the sink throws, without a retry', async () => {
    const full = Object.assign(new Error('no space left'), { code: 'ECONNRESET' });
    const sink = {
      write: (): void => {
        throw full;
      },
    };
    await assert.rejects(asking.client.blobs('some/name').read(blob, 0, sink, asking.signal), error => error === full);
    assert.equal(registry.requests.length, 1);
  });

  it('come from the descriptor if it contains them', async () => {
    const small = Buffer.from('{"a":1}');
    const inline: Descriptor = {
      mediaType: 'application/json',
      digest: sha256(small),
      size: small.length,
      data: small.toString('base64'),
    };
    assert.deepEqual(await read(0, inline), small);
    assert.deepEqual(await read(3, inline), small.subarray(3));
    assert.deepEqual(
      Buffer.from((await asking.client.blobs('some/name').readRange(inline, 1, 4, asking.signal)) ?? []),
      small.subarray(1, 4),
    );
    assert.equal(registry.requests.length, 0);
    registry.store.putBlob(small);
    assert.deepEqual(
      await read(0, { ...inline, data: Buffer.from('{"a":2}').toString('base64') }),
      small,
      'a wrong one is fetched',
    );
  });

  it('are read in parts', async () => {
    const blobs = asking.client.blobs('some/name');
    assert.deepEqual(Buffer.from((await blobs.readRange(blob, 5, 4321, asking.signal)) ?? []), bytes.subarray(5, 4321));
    assert.deepEqual(
      Buffer.from((await blobs.readRange(blob, SIZE - 51, SIZE, asking.signal)) ?? []),
      bytes.subarray(SIZE - 51),
    );
    assert.deepEqual(await blobs.readRange(blob, 7, 7, asking.signal), new Uint8Array());
    registry.fault(BLOBS, faults.noRanges());
    assert.equal(await blobs.readRange(blob, 5, 4321, asking.signal), undefined);
    registry.faults.clear();
    for (const lie of [faults.shiftedRange(3), faults.lyingRange()]) {
      registry.fault(BLOBS, lie);
      assert.equal(await blobs.readRange(blob, 5, 4321, asking.signal), undefined);
      registry.faults.clear();
    }
    registry.fault({ ...BLOBS, times: 1 }, faults.resetAfter(7));
    assert.deepEqual(
      Buffer.from((await blobs.readRange(blob, 5, 4321, asking.signal)) ?? []),
      bytes.subarray(5, 4321),
      'after a reset',
    );
  });

  it('are read from where the first part was redirected to, until that expires', async () => {
    const redirecting = await startRegistry({ redirectBlobs: true, store: registry.store });
    const by = ask(configOf(redirecting));
    try {
      const part = async (start: number): Promise<void> => {
        const found = await by.client.blobs('some/name').readRange(blob, start, start + 50, by.signal);
        assert.deepEqual(Buffer.from(found ?? []), bytes.subarray(start, start + 50));
      };
      for (const start of [0, 100, 200]) await part(start);
      assert.equal(redirecting.requests.length, 1);
      assert.equal(redirecting.cdnRequests.length, 3);
      redirecting.fault({ path: '/blob/', times: 1 }, faults.status(403));
      await part(300);
      assert.equal(redirecting.requests.length, 2, 'an address that has ended is asked for anew');
      redirecting.fault({ path: '/blob/', times: 1 }, faults.shiftedRange(5));
      await part(400);
    } finally {
      await by.close();
      await redirecting.close();
    }
  });

  it('that are small are verified, and asked for once more if wrong', async () => {
    const get = (limit = SIZE): Promise<Uint8Array> => asking.client.blobBytes('some/name', blob, limit, asking.signal);
    assert.deepEqual(Buffer.from(await get()), bytes);
    registry.fault({ ...BLOBS, times: 1 }, faults.corrupt());
    assert.deepEqual(Buffer.from(await get()), bytes);
    registry.faults.clear();
    registry.fault(BLOBS, faults.corrupt(17));
    await assert.rejects(get(), error => error instanceof DigestMismatchError && error.expected === blob.digest);
    await assert.rejects(get(SIZE - 1), TooLargeError);
    const unknown = { ...blob, size: -1 };
    await assert.rejects(asking.client.blobBytes('some/name', unknown, 1000, asking.signal), TooLargeError);
  });

  it('with a sha512 digest are verified', async () => {
    const content = Buffer.from('hash me longer');
    const digest: Digest = `sha512:${createHash('sha512').update(content).digest('hex')}`;
    registry.store.putBlob(content, digest);
    const descriptor = { mediaType: 'text/plain', digest, size: content.length };
    assert.deepEqual(Buffer.from(await asking.client.blobBytes('some/name', descriptor, 100, asking.signal)), content);
    registry.store.putBlob(Buffer.from('hash me longes'), digest);
    await assert.rejects(asking.client.blobBytes('some/name', descriptor, 100, asking.signal), DigestMismatchError);
  });

  it("have a size, from HEAD, or from a part if HEAD isn't supported", async () => {
    assert.equal(await asking.client.blobSize('some/name', blob.digest, asking.signal), SIZE);
    registry.fault({ ...BLOBS, method: 'HEAD' }, faults.status(405));
    assert.equal(await asking.client.blobSize('some/name', blob.digest, asking.signal), SIZE);
    registry.fault(BLOBS, faults.noRanges());
    assert.equal(await asking.client.blobSize('some/name', blob.digest, asking.signal), SIZE);
  });

  it('of any size need little memory', async () => {
    const folder = tempFolder('flat');
    try {
      const path = join(folder.path, 'huge');
      const size = 512 * 1024 * 1024;
      const file = openSync(path, 'w');
      ftruncateSync(file, size);
      writeSync(file, 'end', size - 3);
      closeSync(file);
      const digest = sha256('stands for a digest that nobody checks here');
      registry.store.putBlobFile(path, digest);
      const sink = new Hashed();
      let highest = 0;
      const watched = {
        write: (chunk: Uint8Array): void => {
          sink.write(chunk);
          if (sink.length % (8 << 20) < chunk.length) highest = Math.max(highest, process.memoryUsage().arrayBuffers);
        },
      };
      registry.fault({ path: digest, times: 3 }, faults.resetAfter(64 << 20));
      await asking.client
        .blobs('some/name')
        .read({ mediaType: OCI_LAYER_GZIP, digest, size }, 0, watched, asking.signal);
      assert.equal(sink.length, size);
      assert.ok(highest < 128 << 20, `held ${highest} bytes of buffers`);
    } finally {
      folder.remove();
    }
  });
});
