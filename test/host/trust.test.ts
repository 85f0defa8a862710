import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { fillDemo } from '../support/demoImage.ts';
import { artifact, image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { cosignPayload, IDENTITY, ISSUER, statementAbout, TestSigstore } from '../support/sigstore.ts';
import { file } from '../support/tar.ts';
import { peel, refusal, SHA256 } from './commands.ts';

interface Verified {
  readonly verdict: string;
  readonly digest: string;
  readonly signatures: readonly Readonly<Record<string, string>>[];
}

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

describe('what is attached to an image, and who signed it', () => {
  const sigstore = new TestSigstore();
  let registry: Registry;
  let folder: string;
  let root: string;
  const built = image({ layers: [layer([file('a', 'a')])] });
  const reference = (): string => `${registry.host}/trust/signed:latest`;

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
    folder = await mkdtemp(join(tmpdir(), 'peel-trust-'));
    root = join(folder, 'trusted_root.json');
    await writeFile(root, await sigstore.trustRoot());
    registry.store.put('trust/signed', built, 'latest');
    const bundle = await sigstore.signStatement(statementAbout(built.digest, 'https://slsa.dev/provenance/v1'));
    const bytes = Buffer.from(JSON.stringify(bundle));
    registry.store.put(
      'trust/signed',
      artifact({
        artifactType: BUNDLE,
        files: [{ name: 'bundle.json', bytes, mediaType: BUNDLE }],
        subject: built.descriptor,
      }),
    );
  });
  after(async () => {
    await registry.close();
    await rm(folder, { recursive: true });
  });

  it('lists attestations of the index and referrers once each', async () => {
    const attached = await peel<Record<string, unknown>[]>('listAttached', {
      reference: `${registry.host}/demo/hello:2.0.0`,
    });
    assert.deepEqual(
      attached.map(({ kind }) => kind),
      ['provenance', 'sbom'],
    );
    for (const { digest, subject } of attached) {
      assert.match(String(digest), SHA256);
      assert.match(String(subject), SHA256);
    }
    assert.equal(attached[0]?.predicateType, 'https://slsa.dev/provenance/v0.2');
  });

  it('verifies a bundle by identity and issuer', async () => {
    const found = await peel<Verified>('verifyImage', {
      reference: reference(),
      identity: IDENTITY,
      issuer: ISSUER,
      trustedRoot: root,
    });
    assert.equal(found.verdict, 'valid', JSON.stringify(found));
    assert.equal(found.digest, built.digest);
    const [signature] = found.signatures;
    assert.equal(signature?.signer, IDENTITY);
    assert.equal(signature?.covers, built.digest);
    assert.match(signature?.time ?? '', /^\d{4}-\d\d-\d\dT/);
  });

  it('claims nothing for another signer, an unknown authority, or an unsigned image', async () => {
    const verdict = async (argument: Record<string, unknown>): Promise<string> =>
      (await peel<Verified>('verifyImage', { reference: reference(), ...argument })).verdict;
    assert.equal(await verdict({ identity: 'someone@example.com', issuer: ISSUER, trustedRoot: root }), 'otherSigner');
    assert.equal(await verdict({ trustedRoot: root }), 'otherSigner');
    assert.equal(await verdict({ identity: IDENTITY, issuer: ISSUER }), 'unverifiable');
    assert.equal(await verdict({ reference: `${registry.host}/demo/hello:1.0.0`, trustedRoot: root }), 'none');
  });

  it('verifies a cosign signature by its public key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = join(folder, 'cosign.pub');
    await writeFile(key, publicKey.export({ type: 'spki', format: 'pem' }));
    const keyed = image({ layers: [layer([file('b', 'b')])] });
    registry.store.put('trust/keyed', keyed, 'latest');
    const payload = cosignPayload(keyed.digest);
    const annotations = {
      'dev.cosignproject.cosign/signature': sign('sha256', payload, privateKey).toString('base64'),
    };
    const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
    const signed = layer(payload, { compression: 'none', mediaType, annotations });
    registry.store.put('trust/keyed', image({ layers: [signed] }), `${keyed.digest.replace(':', '-')}.sig`);
    const found = await peel<Verified>('verifyImage', { reference: `${registry.host}/trust/keyed:latest`, key });
    assert.equal(found.verdict, 'valid', JSON.stringify(found));
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    await writeFile(key, other.export({ type: 'spki', format: 'pem' }));
    const wrong = await peel<Verified>('verifyImage', { reference: `${registry.host}/trust/keyed:latest`, key });
    assert.equal(wrong.verdict, 'invalid');
  });

  it('refuses half a signer, and files that are neither key nor trust root', async () => {
    assert.match(await refusal('verifyImage', { reference: reference(), identity: IDENTITY }), /"issuer"/);
    assert.match(await refusal('verifyImage', { reference: reference(), key: root }), /isn't a public key/);
    const odd = join(folder, 'odd.json');
    await writeFile(odd, '{}');
    assert.match(
      await refusal('verifyImage', { reference: reference(), trustedRoot: odd }),
      /isn't a Sigstore trust root/,
    );
  });
});
