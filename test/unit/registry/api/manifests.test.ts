import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Digest } from '../../../../src/oci/digest.ts';
import { parseManifest } from '../../../../src/oci/manifest.ts';
import { InvalidSignatureError, schema1Payload } from '../../../../src/oci/schema1Payload.ts';
import { DigestMismatchError, SizeMismatchError } from '../../../../src/oci/mismatchErrors.ts';
import { NotFoundError, TooLargeError, UnauthorizedError } from '../../../../src/registry/errors.ts';
import { artifact, image, index, layer } from '../../../support/image.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { signingKey } from '../../../support/schema1.ts';
import { ask, configOf, sha256, type Asking } from '../asking.ts';

const base = layer(Buffer.alloc(1024));

describe('manifests', () => {
  let registry: Registry;
  let asking: Asking;
  before(async () => {
    registry = await startRegistry();
    asking = ask(configOf(registry));
  });
  afterEach(() => {
    registry.faults.clear();
    registry.requests.length = 0;
  });
  after(async () => {
    await asking.close();
    await registry.close();
  });
  const get = (version: string, size?: number): ReturnType<Asking['client']['manifest']> =>
    asking.client.manifest('some/name', version, asking.signal, size);

  it('of every kind arrive byte for byte, by tag and by digest', async () => {
    const kinds = {
      oci: image({ layers: [base] }),
      docker: image({ layers: [base], format: 'docker' }),
      signed: image({ layers: [base, { createdBy: 'ENV x=y' }], format: 'schema1' }),
      twice: image({ layers: [base], format: 'schema1', keys: [signingKey(), signingKey()] }),
      unsigned: image({ layers: [base], format: 'schema1', keys: [] }),
      index: index([image({ layers: [base] })]),
      list: index([image({ layers: [base], format: 'docker' })], { format: 'docker' }),
      artifact: artifact({ artifactType: 'application/x', files: [{ name: 'a', bytes: Buffer.from('a') }] }),
    };
    for (const [tag, content] of Object.entries(kinds)) {
      registry.store.put('some/name', content, tag);
      for (const version of [tag, content.digest]) {
        const found = await get(version);
        assert.deepEqual(Buffer.from(found.bytes), content.bytes, tag);
        assert.equal(found.digest, content.digest, tag);
        assert.equal(found.mediaType, content.mediaType, tag);
        assert.equal(found.source, registry.url);
        parseManifest(found.bytes, found.mediaType);
      }
    }
    assert.match(
      registry.requests[0]?.headers.accept ?? '',
      /image\.index.*manifest\.list.*manifest\.v1\+prettyjws.*\*\/\*;q=0\.1$/,
    );
  });

  it('may have a sha512 digest', async () => {
    const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
    const digest: Digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    registry.store.putManifest('some/name', { mediaType: 'application/vnd.oci.image.index.v1+json', bytes, digest });
    assert.equal((await get(digest)).digest, digest);
    registry.fault({ path: '/manifests/' }, faults.corrupt(3));
    await assert.rejects(get(digest), DigestMismatchError);
  });

  it('are refused if their digest or size differs', async () => {
    const { digest, bytes } = image({ layers: [base] });
    registry.store.put('some/name', image({ layers: [base] }), 'latest');
    await get(digest, bytes.length);
    await assert.rejects(get(digest, bytes.length + 1), SizeMismatchError);
    registry.fault({ path: '/manifests/' }, faults.corrupt());
    await assert.rejects(get(digest), error => error instanceof DigestMismatchError && error.expected === digest);
    registry.faults.clear();
    const signed = image({ layers: [base], format: 'schema1' });
    registry.store.put('some/name', signed);
    registry.fault({ path: '/manifests/' }, faults.corrupt(20));
    await assert.rejects(get(signed.digest));
  });

  it('get the computed digest, whatever the header says', async () => {
    const { digest } = image({ layers: [base] });
    registry.store.put('some/name', image({ layers: [base] }), 'latest');
    for (const told of [sha256('wrong'), 'nonsense', '']) {
      registry.fault({ path: '/manifests/' }, faults.headers({ 'docker-content-digest': told }));
      assert.equal((await get('latest')).digest, digest);
      registry.faults.clear();
    }
  });

  it('have a bare media type, or the garbage that was sent', async () => {
    registry.store.put('some/name', image({ layers: [base] }), 'latest');
    for (const [sent, expected] of [
      ['Application/VND.oci.image.manifest.v1+json; charset=utf-8', 'application/vnd.oci.image.manifest.v1+json'],
      ['text/plain', 'text/plain'],
      ['', ''],
    ] as const) {
      registry.fault({ path: '/manifests/' }, faults.headers({ 'content-type': sent }));
      assert.equal((await get('latest')).mediaType, expected);
      registry.faults.clear();
    }
  });

  it('are refused if too long', async () => {
    registry.store.putManifest('some/name', { mediaType: 'x/y', bytes: Buffer.alloc(4 * 1024 * 1024, 32) }, 'longest');
    registry.store.putManifest('some/name', { mediaType: 'x/y', bytes: Buffer.alloc(4 * 1024 * 1024 + 1, 32) }, 'long');
    assert.equal((await get('longest')).bytes.length, 4 * 1024 * 1024);
    await assert.rejects(get('long'), TooLargeError);
    registry.fault({ path: '/manifests/' }, faults.chunked());
    await assert.rejects(get('long'), TooLargeError);
  });

  it('carry the rate limit', async () => {
    registry.store.put('some/name', image({ layers: [base] }), 'latest');
    registry.fault(
      { path: '/manifests/' },
      faults.headers({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '9;w=21600' }),
    );
    assert.deepEqual((await get('latest')).rateLimit, { limit: 100, remaining: 9, window: 21_600 });
    registry.faults.clear();
    assert.equal((await get('latest')).rateLimit, undefined);
    assert.equal(asking.client.rateLimit?.remaining, 9, 'what was told last is kept');
  });

  it('that Docker Hub refuses to anonymous users may not exist', async () => {
    registry.fault({ path: '/v2/' }, faults.status(401, { 'www-authenticate': 'Basic realm="x"' }));
    const hub = ask({ name: 'docker.io', url: registry.url });
    try {
      await assert.rejects(
        hub.client.manifest('no/such', 'latest', hub.signal),
        error => error instanceof NotFoundError && error.orNoAccess && /sign in/.test(error.message),
      );
      await assert.rejects(get('latest'), UnauthorizedError);
    } finally {
      await hub.close();
    }
  });
});

describe('the digest of a signed schema 1 manifest', () => {
  it('covers the payload, whoever signed it', () => {
    const one = image({ layers: [base], format: 'schema1' });
    const three = image({ layers: [base], format: 'schema1', keys: [signingKey(), signingKey(), signingKey()] });
    assert.equal(sha256(schema1Payload(one.bytes)), one.digest);
    assert.equal(sha256(schema1Payload(three.bytes)), one.digest);
    assert.ok(!schema1Payload(three.bytes).toString().includes('signatures'));
  });

  it('covers the bytes if there is no signature', () => {
    const bytes = Buffer.from('{"schemaVersion":1}');
    assert.equal(sha256(schema1Payload(bytes)), sha256(bytes));
    assert.equal(sha256(schema1Payload(Buffer.from('no json'))), sha256('no json'));
  });

  it('is refused if signatures disagree or say nothing', () => {
    const format = (length: unknown, tail: unknown): string =>
      Buffer.from(JSON.stringify({ formatLength: length, formatTail: tail })).toString('base64url');
    const document = (...headers: unknown[]): Buffer =>
      Buffer.from(JSON.stringify({ a: 1, signatures: headers.map(value => ({ protected: value })) }));
    const tail = Buffer.from('}').toString('base64url');
    assert.equal(schema1Payload(document(format(6, tail), format(6, tail))).toString(), '{"a":1}');
    for (const broken of [
      document(),
      document(5),
      document('!!!'),
      document(format(6, 5)),
      document(format(-1, tail)),
      document(format(1.5, tail)),
      document(format(6, tail), format(5, tail)),
      document(format(1e6, tail)),
      Buffer.from('{"signatures":{}}'),
      Buffer.from('{"signatures":[null]}'),
    ]) {
      assert.throws(() => schema1Payload(broken), InvalidSignatureError, broken.toString());
    }
  });
});
