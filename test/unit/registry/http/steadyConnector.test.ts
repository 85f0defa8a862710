import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Dispatchers } from '../../../../src/registry/http/dispatchers.ts';
import { exchange, type HttpResponse } from '../../../../src/registry/http/exchange.ts';
import { DEFAULT_TRANSPORT } from '../../../../src/registry/http/transportOptions.ts';
import { listen } from '../../../support/listen.ts';
import { createPrivateCa } from '../../../support/privateCa.ts';
import { requireTool } from '../../../support/tools.ts';

const BODY = randomBytes(5_000_000);

describe('connections with one read buffer', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each.close();
  });

  /** Starts a server, and returns a function that requests its paths. */
  async function serve(handler: RequestListener, secure = false): Promise<(path: string) => Promise<HttpResponse>> {
    const authority = secure ? createPrivateCa() : undefined;
    const server = await listen(handler, authority ? { tls: authority.issue() } : {});
    const dispatchers = new Dispatchers(DEFAULT_TRANSPORT);
    open.push({ close: async () => authority?.close() }, server, dispatchers);
    return path => {
      const url = new URL(path, server.url);
      const dispatcher = dispatchers.for(url, undefined, { verify: true, ca: authority?.cert });
      const options = { url, method: 'GET', headers: {}, firstByteTimeout: 5000, idleTimeout: 5000 } as const;
      return exchange(dispatcher, options, new AbortController().signal);
    };
  }

  /** Returns the body's digest and the number of buffers it arrived in. */
  async function read(response: HttpResponse): Promise<{ hash: string; buffers: number }> {
    const hash = createHash('sha256');
    const buffers = new Set<ArrayBufferLike>();
    await response.into({
      write(chunk) {
        hash.update(chunk);
        buffers.add(chunk.buffer);
      },
    });
    return { hash: hash.digest('hex'), buffers: buffers.size };
  }

  const wanted = createHash('sha256').update(BODY).digest('hex');

  for (const secure of [false, true]) {
    it(
      `deliver every byte through ${secure ? 'TLS' : 'TCP'}, in the same memory`,
      { skip: secure ? requireTool('openssl') : false },
      async () => {
        const get = await serve((_request, response) => void response.end(BODY), secure);
        // The second one uses the same connection.
        for (const path of ['/first', '/second']) {
          const { hash, buffers } = await read(await get(path));
          assert.equal(hash, wanted);
          // Bytes that arrived with the head waited in a copy.
          assert.ok(buffers <= 2, `${buffers} buffers`);
        }
      },
    );
  }

  it('stop reading after one buffer until it is used, and lose nothing', async () => {
    const all = 12 * BODY.length;
    let sent = 0;
    const get = await serve((_request, response) => {
      const write = (): void => {
        for (; sent < all && !response.writableNeedDrain; sent += 50_000) {
          const at = sent % BODY.length;
          response.write(BODY.subarray(at, at + 50_000));
        }
        if (sent < all) response.once('drain', write);
        else response.end();
      };
      write();
    });
    const response = await get('/');
    await setTimeout(300);
    assert.ok(sent < all / 2, `${sent} bytes were sent to nobody`);
    const hash = createHash('sha256');
    for (let round = 0; round < 12; round++) hash.update(BODY);
    assert.equal((await read(response)).hash, hash.digest('hex'));
  });

  it('keep several connections apart', async () => {
    const bodies = new Map(['a', 'b', 'c', 'd'].map(name => [`/${name}`, randomBytes(1_000_000)]));
    const get = await serve((request, response) => {
      const body = bodies.get(request.url ?? '') ?? Buffer.alloc(0);
      const write = async (): Promise<void> => {
        for (let at = 0; at < body.length; at += 9973) {
          response.write(body.subarray(at, at + 9973));
          if (at % 5 === 0) await setTimeout(1);
        }
        response.end();
      };
      void write();
    });
    await Promise.all(
      [...bodies].map(async ([path, body]) => {
        const { hash } = await read(await get(path));
        assert.equal(hash, createHash('sha256').update(body).digest('hex'));
      }),
    );
  });

  it("return a body that isn't overwritten later", async () => {
    const get = await serve((request, response) => void response.end(request.url === '/a' ? 'a'.repeat(3000) : 'b'));
    const first = await (await get('/a')).bytes(10_000);
    await (await get('/b')).bytes(10_000);
    assert.equal(Buffer.from(first ?? []).toString(), 'a'.repeat(3000));
  });
});
