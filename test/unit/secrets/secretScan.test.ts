import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { SecretScan, suspectsIn } from '../../../src/secrets/secretScan.ts';
import { layerContentOf } from '../../../src/insight/layerContentOf.ts';
import { secretFiles } from '../../../src/insight/secretFiles.ts';
import { image, layer } from '../../support/image.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { file, symlink } from '../../support/tar.ts';
import { Browsing } from '../browse/browsing.ts';

let registry: Registry;
let browsing: Browsing;

before(async () => {
  registry = await startRegistry();
});
beforeEach(() => {
  browsing = new Browsing();
});
afterEach(() => browsing.end());
after(() => registry.close());

/** No token stands in this file as a whole, lest somebody takes it for one. */
const start = (...parts: readonly string[]): string => parts.join('');
const letters = (count: number): string => 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7'.repeat(20).slice(0, count);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pem = (type: 'pkcs1' | 'pkcs8'): string => privateKey.export({ type, format: 'pem' }).toString();
const locked = createPrivateKey(pem('pkcs8'))
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();

const found = (path: string, text: string): string[] =>
  suspectsIn(path, text).map(({ what, line }) => `${what} ${line}`);

test('secrets are known by their forms, with the line where they begin', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    [pem('pkcs1')]: ['a private key 1'],
    [`# ours\n\n${pem('pkcs8')}`]: ['a private key 3'],
    [locked]: ['an encrypted private key 1'],
    [JSON.stringify({ type: 'service_account', private_key: pem('pkcs8') }, undefined, 1)]: ['a private key 3'],
    [`-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,0\r\n\r\n${letters(64)}`]: [
      'a private key 1',
    ],
    [`-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${letters(64)}\n`]: ['a private key of PGP 1'],
    [`key = ${start('AK', 'IA')}ABCDEFGH12345678\n`]: ['an AWS access key 1'],
    [`a\nexport AWS_SECRET_ACCESS_KEY="${letters(40)}"\n`]: ['an AWS secret key 2'],
    [JSON.stringify({ aws_secret_access_key: letters(40) })]: ['an AWS secret key 1'],
    [JSON.stringify({ a: { SecretAccessKey: letters(40) } }, undefined, 1)]: ['an AWS secret key 3'],
    [`token: ${start('gh', 'p_')}${letters(36)}`]: ['a GitHub token 1'],
    [`${start('git', 'hub_')}pat_${letters(60)}`]: ['a GitHub token 1'],
    [`\n\n\n${start('gl', 'pat-')}${letters(20)}`]: ['a GitLab token 4'],
    [`${start('xo', 'xb-')}${letters(40)}`]: ['a Slack token 1'],
    [`${start('np', 'm_')}${letters(36)}`]: ['an npm token 1'],
    [`${start('dc', 'kr_')}pat_${letters(27)}`]: ['a Docker Hub token 1'],
    [`${start('AI', 'za')}${letters(35)}`]: ['a Google API key 1'],
    [`${start('sk', '_live_')}${letters(24)}`]: ['a Stripe key 1'],
    [`1\n${start('gl', 'pat-')}${letters(20)}\n${pem('pkcs1')}`]: ['a GitLab token 2', 'a private key 3'],
  };
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(found('srv/app/x', text), expected, text);
});

test('some secrets are known only in files that are meant for them', () => {
  const cases: readonly (readonly [path: string, text: string, what: string])[] = [
    [
      'root/.docker/config.json',
      '{"auths":{"r.io":{"auth":"YWxpY2U6c2VjcmV0"}}}',
      'a password of a container registry 1',
    ],
    ['root/.netrc', 'machine r.io\nlogin alice\npassword s3cret\n', 'a password 3'],
    ['root/.pgpass', '# host\ndb:5432:*:alice:s3cret\n', 'a password 2'],
    ['root/.git-credentials', 'https://alice:s3cret@git.example.com\n', 'a password 1'],
    ['etc/pip.conf', '[global]\nindex-url = https://alice:s3cret@pypi.example.com/simple\n', 'a password 2'],
    ['app/.npmrc', 'a=b\n//npm.example.com/:_authToken=abcdef\n', 'a password of a package registry 2'],
    ['root/.pypirc', '[pypi]\npassword = s3cret\n', 'a password 2'],
    ['root/.kube/config', 'users:\n- user:\n    token: abcdefghijkl\n', 'an account of a cluster 3'],
    ['srv/app/secrets.json', '{\n"db": {"password": "s3cretly-made"}}', 'a password 2'],
    ['app/appsettings.Production.json', '{"smtpPassword" : "s3cretly-made"}', 'a password 1'],
    ['etc/shadow', 'daemon:*:1:0:9:7:::\nroot:$6$salt$hashhashhash:1:0:9:7:::\n', 'the hash of a password 2'],
  ];
  for (const [path, text, what] of cases) {
    assert.deepEqual(found(path, text), [what], path);
    assert.deepEqual(found('srv/notes', text), [], `${path} by another name`);
  }
});

test('what only looks a little like a secret is none', () => {
  const cases: readonly (readonly [path: string, text: string])[] = [
    ['lib/pem.py', 'START = "-----BEGIN RSA PRIVATE KEY-----"\nEND = "-----END RSA PRIVATE KEY-----"\n'],
    ['etc/ssl/x.pem', `-----BEGIN CERTIFICATE-----\n${letters(64)}\n`],
    ['x.pub', `-----BEGIN PUBLIC KEY-----\n${letters(64)}\n`],
    [
      'doc',
      `${start('AK', 'IA')}IOSFODNN7EXAMPLE and ${start('aws', '_secret_')}access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`,
    ],
    ['app/.npmrc', 'registry=https://npm.example.com/\n//npm.example.com/:_authToken=${NPM_TOKEN}\n'],
    ['root/.netrc', '# machine r.io login alice password s3cret\n'],
    ['root/.docker/config.json', '{"auths":{"r.io":{}},"credsStore":"pass"}'],
    ['etc/shadow', 'root:*:1:0:9:7:::\nalice:!:1::::::\n'],
    [
      'app/config.json',
      '{"password":"${DB_PASSWORD_1}","secret":"<your-secret-1>","token":"changeme1","apiKey":"no digits"}',
    ],
    ['app/config.json', '{"password": "The new password of 8 letters", "passwordHint": "s3cretly-made"}'],
    ['app/node_modules/x/config.json', '{"password": "s3cretly-made"}'],
    ['x.json', JSON.stringify({ aws_secret_access_key: letters(64) })],
    ['a', `x${start('gh', 'p_')}${letters(36)}`],
  ];
  for (const [path, text] of cases) assert.deepEqual(found(path, text), [], path);
});

test('only the beginning of small text files is looked at, in whatever pieces it comes', () => {
  const scan = new SecretScan();
  const look = (path: string, bytes: Buffer, piece: number): number => {
    scan.begin(path, bytes.length);
    for (let at = 0; at < bytes.length; at += piece) scan.data(bytes.subarray(at, at + piece));
    return scan.end().length;
  };
  const key = Buffer.from(pem('pkcs8'));
  for (const piece of [1, 7, 512, 1 << 20]) assert.equal(look('./srv/key', key, piece), 1, `pieces of ${piece}`);
  assert.equal(look('srv/binary', Buffer.concat([Buffer.alloc(1), key]), 1 << 20), 0);
  assert.equal(look('srv/late', Buffer.concat([Buffer.alloc(100_000, 'x\n'), key]), 65_536), 0);
  assert.equal(look('srv/large', Buffer.concat([key, Buffer.alloc(1 << 20, 'x')]), 65_536), 0);
  assert.equal(look('usr/share/doc/key', key, 65_536), 0);
  assert.equal(look('srv/empty', Buffer.alloc(0), 1), 0);
  assert.equal(look('srv/key', key, 100), 1, 'the same as before');
});

test('a text that is made to be slow is not', () => {
  for (const text of [
    '-----BEGIN PRIVATE KEY-----\n'.repeat(2300),
    `PRIVATE KEY-----${'-----BEGIN PRIVATE KEY-----\nA: b\n'.repeat(1900)}`,
    `PRIVATE KEY-----${'password '.repeat(7000)}`,
    `a:${':'.repeat(65_000)}`,
    `https://${'a'.repeat(65_000)}`,
  ]) {
    for (const path of ['x', 'root/.netrc', 'root/.pgpass', 'root/.git-credentials', 'pip.conf', 'root/.npmrc'])
      assert.ok(suspectsIn(path, text.slice(0, 65_536)).length <= 5);
  }
});

for (const compression of ['gzip', 'zstd'] as const) {
  test(`a pass over a layer finds what is inside its files, and keeps no secret: ${compression}`, async () => {
    const token = `${start('gl', 'pat-')}${letters(20)}`;
    const built = layer(
      [
        file('root/.ssh/deploy', pem('pkcs1')),
        file('srv/config.yml', `a: b\ntoken: ${token}\n`),
        file('srv/plain', 'nothing here, and that is all'),
        symlink('srv/link', 'config.yml'),
      ],
      { compression },
    );
    registry.store.put('secrets', image({ layers: [built] }), 'latest');
    const tree = await browsing.open(`${registry.host}/secrets:latest`);
    const files = tree.find('srv/config.yml').content?.layer.files;
    assert.ok(files);
    const secrets = secretFiles([layerContentOf(files.listing, 1)]).toSorted((a, b) => (a.path < b.path ? -1 : 1));
    assert.deepEqual(secrets, [
      { path: 'root/.ssh/deploy', layer: 1, what: 'a private key', line: 1 },
      { path: 'srv/config.yml', layer: 1, what: 'a GitLab token', line: 2 },
    ]);
    assert.ok(!JSON.stringify(files.listing.entry(1)).includes(token));
    // The second opening reads what was kept of the first.
    const again = await browsing.open(`${registry.host}/secrets:latest`);
    assert.deepEqual(again.find('srv/config.yml').contentEntry?.suspects, [{ what: 'a GitLab token', line: 2 }]);
  });
}
