import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { request } from 'undici';
import { artifact, image, layer } from '../../support/image.ts';
import { isJson, parseJson } from '../../support/json.ts';
import { bearerChallenge } from '../../support/registry/access.ts';
import * as fault from '../../support/registry/faults.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../support/registry/registry.ts';
import { sha256 } from '../../support/registry/store.ts';

const BLOB = Buffer.from('0123456789'.repeat(100));
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

describe('the embedded registry', () => {
  const running: Registry[] = [];
  const start = async (options?: RegistryOptions): Promise<Registry> => {
    const registry = await startRegistry(options);
    running.push(registry);
    registry.store.putBlob(BLOB);
    for (const tag of ['a', 'b', 'c']) {
      registry.store.putManifest('x/y', { mediaType: MANIFEST, bytes: Buffer.from(`{"tag":"${tag}"}`) }, tag);
    }
    return registry;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map(registry => registry.close()));
  });
  const blobOf = (registry: Registry): string => `${registry.url}/v2/x/y/blobs/${sha256(BLOB)}`;

  it('serves ranges of blobs', async () => {
    const registry = await start();
    const get = async (range: string): Promise<[number, unknown, string]> => {
      const { statusCode, headers, body } = await request(blobOf(registry), { headers: { range } });
      return [statusCode, headers['content-range'], await body.text()];
    };
    assert.deepEqual(await get('bytes=990-'), [206, 'bytes 990-999/1000', '0123456789']);
    assert.deepEqual(await get('bytes=1-2'), [206, 'bytes 1-2/1000', '12']);
    assert.deepEqual(await get('bytes=-3'), [206, 'bytes 997-999/1000', '789']);
    assert.deepEqual(await get('bytes=1000-'), [416, 'bytes */1000', '']);
    registry.fault({}, fault.noRanges());
    assert.deepEqual(await get('bytes=990-'), [200, undefined, BLOB.toString()]);
  });

  it('serves lists in pages', async () => {
    const { url } = await start({ pathPrefix: '/some/where' });
    const first = await request(`${url}/v2/x/y/tags/list?n=2`);
    assert.deepEqual(await first.body.json(), { name: 'x/y', tags: ['a', 'b'] });
    assert.equal(first.headers.link, '</some/where/v2/x/y/tags/list?last=b&n=2>; rel="next"');
    const second = await request(`${url}/v2/x/y/tags/list?n=2&last=b`);
    assert.deepEqual(await second.body.json(), { name: 'x/y', tags: ['c'] });
    assert.equal(second.headers.link, undefined);
  });

  it('honours Accept', async () => {
    const { url } = await start();
    const get = async (accept: string): Promise<number> => {
      const { statusCode, body } = await request(`${url}/v2/x/y/manifests/a`, { headers: { accept } });
      await body.dump();
      return statusCode;
    };
    assert.equal(await get(`text/html, ${MANIFEST}`), 200);
    assert.equal(await get('application/vnd.docker.distribution.manifest.v2+json'), 404);
  });

  it('requires a token, and rejects an expired one and one with too narrow a scope', async () => {
    const registry = await start({ access: { scheme: 'bearer', challenge: bearerChallenge } });
    const { tokenServer } = registry.access;
    assert.ok(tokenServer);
    const challenged = async (token?: string): Promise<unknown> => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const { statusCode, headers: answer, body } = await request(blobOf(registry), { headers });
      await body.dump();
      return statusCode === 401 ? answer['www-authenticate'] : statusCode;
    };
    const plain = `Bearer realm="${tokenServer.url}/token",service="embedded-registry",scope="repository:x/y:pull"`;
    assert.equal(await challenged(), plain);
    const grant = async (scope: string): Promise<string> => {
      const { body } = await request(`${tokenServer.url}/token?service=s&scope=${scope}`);
      return String(parseJson(await body.text()).token);
    };
    assert.equal(await challenged(await grant('repository:other:pull')), `${plain},error="insufficient_scope"`);
    const right = await grant('repository:x/y:pull');
    assert.equal(await challenged(right), 200);
    tokenServer.revokeAll();
    assert.equal(await challenged(right), `${plain},error="invalid_token"`);
  });

  it('redirects blob requests to another origin, which refuses Authorization', async () => {
    const registry = await start({ redirectBlobs: true });
    const { statusCode, headers, body } = await request(blobOf(registry));
    await body.dump();
    assert.equal(statusCode, 307);
    const plain = await request(String(headers.location));
    assert.equal(await plain.body.text(), BLOB.toString());
    const withSecret = await request(String(headers.location), { headers: { authorization: 'Basic x' } });
    await withSecret.body.dump();
    assert.equal(withSecret.statusCode, 400);
    assert.equal(registry.cdnRequests.length, 2);
  });

  it('lists referrers by the API or by the fallback tag', async () => {
    const subject = image({ layers: [layer([])] });
    const attached = (type: string): ReturnType<typeof artifact> =>
      artifact({ artifactType: type, files: [{ name: 'f', bytes: Buffer.from(type) }], subject: subject.descriptor });
    const [sbom, signature] = [attached('application/spdx+json'), attached('application/example.signature')];
    const listed = async (url: string): Promise<[number, unknown[]]> => {
      const { statusCode, body } = await request(url);
      const { manifests } = parseJson(await body.text());
      return [statusCode, Array.isArray(manifests) ? manifests.filter(isJson).map(({ digest }) => digest) : []];
    };
    for (const referrers of ['api', 'tag', 'none'] as const) {
      const registry = await start({ referrers });
      for (const content of [subject, sbom, signature]) registry.store.put('x/y', content);
      const api = `${registry.url}/v2/x/y/referrers/${subject.digest}`;
      const tag = `${registry.url}/v2/x/y/manifests/${subject.digest.replace(':', '-')}`;
      const both = [200, [sbom.digest, signature.digest]];
      assert.deepEqual(await listed(api), referrers === 'api' ? both : [404, []]);
      assert.deepEqual(await listed(tag), referrers === 'tag' ? both : [404, []]);
      if (referrers !== 'api') continue;
      assert.deepEqual(await listed(`${api}?artifactType=application%2Fspdx%2Bjson`), [200, [sbom.digest]]);
    }
  });

  it('serves blobs from files', async () => {
    const registry = await start();
    const digest = registry.store.putBlobFile(import.meta.filename, sha256(readFileSync(import.meta.filename)));
    const whole = await request(`${registry.url}/v2/x/y/blobs/${digest}`);
    assert.equal(sha256(Buffer.from(await whole.body.arrayBuffer())), digest);
    const part = await request(`${registry.url}/v2/x/y/blobs/${digest}`, { headers: { range: 'bytes=0-5' } });
    assert.equal(await part.body.text(), 'import');
  });

  describe('faults', () => {
    const read = async (registry: Registry): Promise<{ status: number; got: number; code?: unknown }> => {
      let got = 0;
      const { statusCode, body } = await request(blobOf(registry), { bodyTimeout: 300 });
      try {
        for await (const chunk of body) if (Buffer.isBuffer(chunk)) got += chunk.length;
        return { status: statusCode, got };
      } catch (error) {
        return { status: statusCode, got, code: isJson(error) ? error.code : error };
      }
    };
    it('occur as often and as late as requested', async () => {
      const registry = await start();
      const active = registry.fault({ path: '/blobs/', after: 1, times: 1 }, fault.status(503, { 'retry-after': '1' }));
      const seen = [await read(registry), await read(registry), await read(registry)].map(({ status }) => status);
      assert.deepEqual(seen, [200, 503, 200]);
      assert.equal(active.hits, 1);
      assert.deepEqual(
        registry.requests.map(entry => entry.status),
        seen,
      );
    });
    for (const [name, make, expected] of [
      ['reset', fault.resetAfter(400), { status: 200, got: 400, code: 'ECONNRESET' }],
      ['truncation', fault.truncate(400), { status: 200, got: 400, code: 'UND_ERR_SOCKET' }],
      ['stall', fault.stall(400), { status: 200, got: 400, code: 'UND_ERR_BODY_TIMEOUT' }],
      ['slow drip', fault.drip(100, 5), { status: 200, got: 1000 }],
      ['short body', fault.shorten(400), { status: 200, got: 400 }],
      ['long body', fault.lengthen(Buffer.alloc(7)), { status: 200, got: 1007 }],
      [
        'too large Content-Length',
        fault.wrongLength(5),
        { status: 200, got: 1000, code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' },
      ],
      ['chunks', fault.chunked(), { status: 200, got: 1000 }],
    ] as const) {
      it(name, async () => {
        const registry = await start();
        registry.fault({}, make);
        assert.deepEqual(await read(registry), expected);
      });
    }
    it('reset the connection before the response', async () => {
      const registry = await start();
      registry.fault({}, fault.resetAtOnce());
      await assert.rejects(read(registry), { code: 'ECONNRESET' });
    });
  });
});
