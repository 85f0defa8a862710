import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readCertificates } from '../../../../src/vscode/settings/certificates.ts';
import { parseRegistry } from '../../../../src/vscode/settings/settings.ts';
import { InvalidSettingError } from '../../../../src/vscode/common/errors.ts';

const pem = (what: string) => `-----BEGIN CERTIFICATE-----\n${what}\n-----END CERTIFICATE-----\n`;
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peel-certificates-'));
  const host = join(folder, 'certs.d', 'r.example:5000');
  await mkdir(host, { recursive: true });
  for (const name of ['one.crt', 'two.crt', 'client.cert', 'client.key', 'lonely.cert', 'readme'])
    await writeFile(join(host, name), pem(name));
  await writeFile(join(folder, 'named.pem'), pem('named'));
  await writeFile(join(folder, 'der.crt'), Buffer.from([0x30, 0x82]));
});
after(() => rm(folder, { recursive: true, force: true }));

const read = (entry: object) => readCertificates(parseRegistry(entry), [join(folder, 'certs.d')]);

test('reads authorities and a client certificate with its key from the folder of the host and port', async () => {
  const { ca, cert, key } = await read({ url: 'https://r.example:5000/prefix' });
  assert.deepEqual(ca?.match(/\w+\.crt/g)?.sort(), ['one.crt', 'two.crt']);
  assert.match(cert ?? '', /client\.cert/);
  assert.match(key ?? '', /client\.key/);
});

test('mirrors use their own folders, not the files of the setting', async () => {
  const named = join(folder, 'named.pem');
  const { ca, mirrorCertificates, ...rest } = await read({
    url: 'https://origin.example',
    ca: named,
    mirrors: ['https://r.example:5000/hub', 'https://other.example'],
  });
  assert.match(ca ?? '', /named/);
  assert.deepEqual(rest, {});
  assert.deepEqual(Object.keys(mirrorCertificates ?? {}), ['r.example:5000']);
  const mirror = mirrorCertificates?.['r.example:5000'];
  assert.match(mirror?.ca ?? '', /one\.crt/);
  assert.doesNotMatch(mirror?.ca ?? '', /named/);
  assert.match(mirror?.cert ?? '', /client\.cert/);
  assert.match(mirror?.key ?? '', /client\.key/);
});

test('another port is another registry', async () => {
  assert.deepEqual(await read({ url: 'https://r.example' }), {});
});

test('files of the setting come first', async () => {
  const named = join(folder, 'named.pem');
  const { ca, cert } = await read({ url: 'https://r.example:5000', ca: named, cert: named, key: named });
  assert.match(ca ?? '', /named[^]*one\.crt/);
  assert.match(cert ?? '', /named/);
});

test('reports a client certificate without a key, unless one file has both', async () => {
  const url = 'https://r.example';
  const named = join(folder, 'named.pem');
  await assert.rejects(read({ url, cert: named }), /names a "cert" without its "key"/);
  await assert.rejects(read({ url, key: named }), /names a "key" without its "cert"/);
  const both = join(folder, 'both.pem');
  await writeFile(both, `${pem('mine')}-----BEGIN EC PRIVATE KEY-----\nsecret\n-----END EC PRIVATE KEY-----\n`);
  const { cert, key } = await read({ url, cert: both });
  assert.match(cert ?? '', /mine/);
  assert.equal(key, cert);
});

test('reports a named file that is missing, relative or not PEM', async () => {
  for (const ca of [join(folder, 'missing.pem'), 'relative.pem', join(folder, 'der.crt')]) {
    await assert.rejects(read({ url: 'https://r.example', ca }), InvalidSettingError, ca);
  }
});
