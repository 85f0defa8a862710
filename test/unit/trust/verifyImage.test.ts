import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { contentDigest } from '../../../src/oci/contentDigest.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { NotFoundError } from '../../../src/registry/errors.ts';
import type { AttachedSource } from '../../../src/trust/listAttached.ts';
import { builtInRoots, parseTrustRoots } from '../../../src/trust/trustRoot.ts';
import { collectEvidence, verifyEvidence, type Policy, type VerifiedImage } from '../../../src/trust/verifyImage.ts';
import { preAuthEncoding } from '../../../src/trust/verifyKey.ts';
import { cosignPayload, IDENTITY, ISSUER, statementAbout, TestSigstore } from '../../support/sigstore.ts';

const PROVENANCE = 'https://slsa.dev/provenance/v1';
const image = Buffer.from('{"schemaVersion":2,"layers":[]}');
const digest = contentDigest(image);
const other = contentDigest(Buffer.from('another image'));
const sigstore = new TestSigstore();
const roots = parseTrustRoots(await sigstore.trustRoot(), 'trusted_root.json');
const { signal } = new AbortController();

/** A repository in memory, with artifacts attached to `digest`. */
class Repository implements AttachedSource {
  readonly #content = new Map<string, Uint8Array>();
  readonly #referrers: Descriptor[] = [];

  /** Attaches an artifact of one layer. @param tag cosign's suffix; absent = as a referrer */
  attach(layer: Uint8Array, mediaType: string, annotations: Record<string, string> = {}, tag?: string): this {
    const descriptor = { mediaType, digest: this.#keep(layer), size: layer.length, annotations };
    const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: this.#keep(Buffer.from('{}')), size: 2 };
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactType: mediaType,
        config,
        layers: [descriptor],
      }),
    );
    const attached = this.#keep(manifest);
    if (tag === undefined) {
      this.#referrers.push({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: attached,
        size: manifest.length,
        artifactType: mediaType,
      });
    } else this.#content.set(`${digest.replace(':', '-')}.${tag}`, manifest);
    return this;
  }

  #keep(bytes: Uint8Array): Digest {
    this.#content.set(contentDigest(bytes), bytes);
    return contentDigest(bytes);
  }

  #get(name: string): Uint8Array {
    const bytes = this.#content.get(name);
    if (!bytes) throw new NotFoundError('manifest', name, { registry: 'registry.example' });
    return bytes;
  }

  manifest(_repository: string, version: string) {
    return Promise.resolve()
      .then(() => this.#get(version))
      .then(bytes => ({
        bytes,
        digest: contentDigest(bytes),
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
      }));
  }

  referrers(_repository: string, subject: Digest) {
    return Promise.resolve(subject === digest ? this.#referrers : []);
  }

  blobBytes(_repository: string, blob: Descriptor) {
    return Promise.resolve().then(() => this.#get(blob.digest));
  }
}

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

async function verifyBy(repository: Repository, policy: Policy): Promise<VerifiedImage> {
  const subjects = { manifests: [digest], attestations: [] };
  const manifests = new Map([[digest, image]]);
  return verifyEvidence(await collectEvidence(repository, 'app', manifests, subjects, signal), policy);
}

function verify(repository: Repository, policy: Partial<Policy> = {}): Promise<VerifiedImage> {
  const named = policy.key ? {} : { identity: IDENTITY, issuer: ISSUER };
  return verifyBy(repository, { roots, ...named, ...policy });
}

async function bundled(options: Parameters<TestSigstore['signStatement']>[1] = {}): Promise<Repository> {
  return new Repository().attach(
    json(await sigstore.signStatement(statementAbout(digest, PROVENANCE), options)),
    BUNDLE,
  );
}

test('a bundle signed by the named identity is valid, and says who and when', async () => {
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 + 60_000);
  const found = await verify(await bundled({ at }));
  assert.deepEqual(found, {
    verdict: 'valid',
    digest,
    signatures: [
      {
        verdict: 'valid',
        kind: 'provenance',
        signer: IDENTITY,
        issuer: ISSUER,
        time: at.toISOString(),
        covers: digest,
      },
    ],
  });
});

test('a keyless signature under a .sig tag is valid', async () => {
  const payload = cosignPayload(digest);
  const repository = new Repository().attach(payload, SIMPLE, await sigstore.signPayload(payload), 'sig');
  const found = await verify(repository);
  assert.equal(found.verdict, 'valid', JSON.stringify(found));
  assert.equal(found.signatures[0]?.kind, 'signature');
  assert.equal(found.signatures[0]?.signer, IDENTITY);
});

test('another signer is told apart, however alike the name', async t => {
  for (const [what, signer] of [
    ['no signer named', {}],
    ['a part of the identity', { identity: IDENTITY.slice(0, -1), issuer: ISSUER }],
    ['a pattern', { identity: '.*', issuer: ISSUER }],
    ['another issuer', { identity: IDENTITY, issuer: 'https://accounts.example' }],
  ] as const) {
    await t.test(what, async () => {
      const found = await verifyBy(await bundled(), { roots, ...signer });
      assert.equal(found.verdict, 'otherSigner', JSON.stringify(found));
      assert.equal(found.signatures[0]?.signer, IDENTITY);
    });
  }
});

test('changed content is invalid', async t => {
  const bundle = (await sigstore.signStatement(statementAbout(digest, PROVENANCE))) as {
    dsseEnvelope: { payload: string; signatures: object[] };
  };
  await t.test('a changed statement', async () => {
    const changed = structuredClone(bundle);
    changed.dsseEnvelope.payload = json(statementAbout(digest, PROVENANCE, { by: 'mallory' })).toString('base64');
    const found = await verify(new Repository().attach(json(changed), BUNDLE));
    assert.equal(found.verdict, 'invalid', JSON.stringify(found));
  });
  await t.test('a statement about another image', async () => {
    const moved = await sigstore.signStatement(statementAbout(other, PROVENANCE));
    const found = await verify(new Repository().attach(json(moved), BUNDLE));
    assert.equal(found.verdict, 'invalid');
    assert.match(found.signatures[0]?.reason ?? '', /another image/);
  });
  await t.test('a payload of cosign about another image', async () => {
    const payload = cosignPayload(other);
    const found = await verify(new Repository().attach(payload, SIMPLE, await sigstore.signPayload(payload), 'sig'));
    assert.equal(found.verdict, 'invalid');
  });
  await t.test('two signatures in one envelope', async () => {
    const doubled = structuredClone(bundle);
    doubled.dsseEnvelope.signatures = [...doubled.dsseEnvelope.signatures, ...doubled.dsseEnvelope.signatures];
    assert.equal((await verify(new Repository().attach(json(doubled), BUNDLE))).verdict, 'invalid');
  });
  await t.test('an envelope beside a message signature', async () => {
    const both = {
      ...bundle,
      messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: '' }, signature: '' },
    };
    assert.equal((await verify(new Repository().attach(json(both), BUNDLE))).verdict, 'invalid');
  });
  await t.test('a certificate that had expired when it signed', async () => {
    const found = await verify(await bundled({ at: new Date(Math.floor(Date.now() / 1000 + 3600) * 1000) }));
    assert.equal(found.verdict, 'invalid');
    assert.match(found.signatures[0]?.reason ?? '', /not valid when it signed/);
  });
});

test('what Peel lacks evidence for is unverifiable, never invalid', async t => {
  await t.test('an authority that the root does not know', async () => {
    const found = await verify(await bundled(), { roots: builtInRoots() });
    assert.equal(found.verdict, 'unverifiable', JSON.stringify(found));
  });
  await t.test('neither promise nor timestamp', async () => {
    const found = await verify(await bundled({ promise: false, timestamp: false }));
    assert.equal(found.verdict, 'unverifiable');
    assert.match(found.signatures[0]?.reason ?? '', /No trusted time/);
  });
  await t.test('an old kind of log entry', async () => {
    const found = await verify(await bundled({ logKind: 'intoto', logVersion: '0.0.1' }));
    assert.equal(found.verdict, 'unverifiable');
    assert.match(found.signatures[0]?.reason ?? '', /intoto 0\.0\.1/);
  });
  await t.test('a bundle of a later version', async () => {
    const bundle = {
      ...(await sigstore.signStatement(statementAbout(digest, PROVENANCE))),
      mediaType: BUNDLE.replace('0.3', '0.4'),
    };
    assert.equal((await verify(new Repository().attach(json(bundle), BUNDLE))).verdict, 'unverifiable');
  });
  await t.test('a Notation signature', async () => {
    const found = await verify(new Repository().attach(json({}), 'application/jose+json'));
    assert.equal(found.verdict, 'unverifiable');
    assert.match(found.signatures[0]?.reason ?? '', /Notation/);
  });
});

test('hostile bundles end in a verdict, not in an exception', async () => {
  const good = await sigstore.signStatement(statementAbout(digest, PROVENANCE));
  const material = good.verificationMaterial as Record<string, unknown>;
  for (const bundle of [
    { mediaType: BUNDLE },
    { ...good, verificationMaterial: { ...material, certificate: { rawBytes: 'AAAA' } } },
    { ...good, verificationMaterial: { ...material, tlogEntries: [{}] } },
    {
      ...good,
      verificationMaterial: {
        ...material,
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'MAA=' }] },
      },
    },
    { ...good, dsseEnvelope: { payload: 7, payloadType: [], signatures: 'x' } },
  ]) {
    const found = await verify(new Repository().attach(json(bundle), BUNDLE));
    assert.ok(['unverifiable', 'invalid'].includes(found.verdict), JSON.stringify(found));
  }
});

test('nothing attached is none, and so are statements without a signature', async () => {
  assert.deepEqual(await verify(new Repository()), { verdict: 'none', digest, signatures: [] });
  const unsigned = new Repository().attach(json(statementAbout(digest, PROVENANCE)), 'application/vnd.in-toto+json');
  assert.equal((await verify(unsigned)).verdict, 'none');
});

test('keys of all kinds verify cosign payloads and envelopes', async t => {
  const pairs = {
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    Ed25519: generateKeyPairSync('ed25519'),
  };
  for (const [name, { publicKey, privateKey }] of Object.entries(pairs)) {
    await t.test(name, async () => {
      const found = await verify(signedWithKey(privateKey), { key: publicKey });
      assert.equal(found.verdict, 'valid', JSON.stringify(found));
      assert.deepEqual(
        found.signatures.map(({ verdict }) => verdict),
        ['valid', 'valid'],
      );
      const wrong = await verify(signedWithKey(privateKey), { key: pairs['P-256'].publicKey });
      assert.equal(wrong.verdict, name === 'P-256' ? 'valid' : 'invalid');
      assert.equal((await verify(signedWithKey(privateKey))).verdict, 'unverifiable');
    });
  }
});

/** A repository with a payload and an envelope that were signed with a key. */
function signedWithKey(privateKey: KeyObject): Repository {
  const hash = createPublicKey(privateKey).asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const payload = cosignPayload(digest);
  const statement = json(statementAbout(digest, PROVENANCE));
  const payloadType = 'application/vnd.in-toto+json';
  const sig = sign(hash, preAuthEncoding(payloadType, statement), privateKey).toString('base64');
  const envelope = { payload: statement.toString('base64'), payloadType, signatures: [{ sig }] };
  return new Repository()
    .attach(
      payload,
      SIMPLE,
      { 'dev.cosignproject.cosign/signature': sign(hash, payload, privateKey).toString('base64') },
      'sig',
    )
    .attach(json(envelope), 'application/vnd.dsse.envelope.v1+json', { predicateType: PROVENANCE }, 'att');
}

test('a keyless signature is of another signer when a key is named', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.equal((await verify(await bundled(), { key: publicKey })).verdict, 'otherSigner');
});
