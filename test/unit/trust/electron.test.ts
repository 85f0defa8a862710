import assert from 'node:assert/strict';
import crypto, { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { namedHashes } from '../../../esbuild.js';
import { projectRoot } from '../../rig/paths.ts';
import type * as TrustRoot from '../../../src/trust/trustRoot.ts';
import type * as VerifyKeyless from '../../../src/trust/verifyKeyless.ts';
import { IDENTITY, statementAbout, TestSigstore } from '../../support/sigstore.ts';

type Verifying = typeof VerifyKeyless & typeof TrustRoot;

/** Bundles the code that verifies, as the extension is bundled or without the patch. */
async function bundle(folder: string, patched: boolean): Promise<Verifying> {
  const outfile = join(folder, `${patched ? 'patched' : 'plain'}.mjs`);
  await build({
    stdin: {
      contents: "export * from './verifyKeyless.ts'; export * from './trustRoot.ts';",
      resolveDir: join(projectRoot, 'src/trust'),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: patched ? [namedHashes] : [],
  });
  return import(pathToFileURL(outfile).href) as Promise<Verifying>;
}

/** Makes crypto.verify refuse what Electron's refuses: EC and RSA keys without a named hash. */
function behaveLikeElectron(t: TestContext): void {
  const { verify } = crypto;
  t.mock.method(crypto, 'verify', (...given: Parameters<typeof verify>) => {
    const [algorithm, , key] = given;
    const type = (key as crypto.KeyObject).asymmetricKeyType;
    if ((algorithm === null || algorithm === undefined) && type !== 'ed25519') {
      throw new Error('error:06000077:public key routines:OPENSSL_internal:NO_DEFAULT_DIGEST');
    }
    return verify(...given);
  });
}

test('signatures verify where crypto has no default hash, as in Electron', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'peel-electron-'));
  t.after(() => rm(folder, { recursive: true }));
  const sigstore = new TestSigstore();
  const digest = `sha256:${createHash('sha256').update('image').digest('hex')}`;
  const signed = await sigstore.signStatement(statementAbout(digest, 'https://slsa.dev/provenance/v1'));
  const root = await sigstore.trustRoot();
  const verified = (code: Verifying): string =>
    code.verifyKeyless(code.parseBundle(signed), undefined, code.parseTrustRoots(root, 'root').roots).identity;
  const [plain, patched] = await Promise.all([bundle(folder, false), bundle(folder, true)]);
  behaveLikeElectron(t);
  assert.throws(() => verified(plain), 'the library needs no patch any more');
  assert.equal(verified(patched), IDENTITY);
});

test('the patch keeps Ed25519 keys working, which take no hash', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const signature = crypto.sign(null, Buffer.from('x'), privateKey);
  assert.ok(crypto.verify(undefined, Buffer.from('x'), publicKey, signature));
});
