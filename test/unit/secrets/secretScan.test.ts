import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { SecretScan, suspectsIn } from '../../../src/secrets/secretScan.ts';
import { atOnce } from '../../../src/browse/formats/slices.ts';
import { layerContentOf } from '../../../src/insight/layerContentOf.ts';
import { secretFiles } from '../../../src/insight/secretFiles.ts';
import { image, layer } from '../../support/image.ts';
import { file, symlink } from '../../support/tar.ts';

const { registry, pulling } = await setUpPulling();

/** Assembles tokens, so that secret scanners don't flag this file. */
const start = (...parts: readonly string[]): string => parts.join('');
const letters = (count: number): string => 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7'.repeat(20).slice(0, count);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pem = (type: 'pkcs1' | 'pkcs8'): string => privateKey.export({ type, format: 'pem' }).toString();
const locked = createPrivateKey(pem('pkcs8'))
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();

const found = (path: string, text: string): string[] =>
  suspectsIn(path, text).map(({ what, line }) => `${what} ${line}`);

test('finds secrets by their forms, with their lines', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    [pem('pkcs1')]: ['a private key 1'],
    [`# ours\n\n${pem('pkcs8')}`]: ['a private key 3'],
    [locked]: ['an encrypted private key 1'],
    [locked.replace('ENCRYPTED', 'ENCRYPTED SIGSTORE')]: ['an encrypted private key 1'],
    [JSON.stringify({ type: 'service_account', private_key: pem('pkcs8') }, undefined, 1)]: ['a private key 3'],
    [`-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,0\r\n\r\n${letters(64)}`]: [
      'a private key 1',
    ],
    [`-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n${letters(64)}\n`]: ['a PGP private key 1'],
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

test('finds some secrets only in files meant for them', () => {
  const cases: readonly (readonly [path: string, text: string, what: string])[] = [
    ['root/.docker/config.json', '{"auths":{"r.io":{"auth":"YWxpY2U6c2VjcmV0"}}}', 'a container registry password 1'],
    ['root/.netrc', 'machine r.io\nlogin alice\npassword s3cret\n', 'a password 3'],
    ['root/.pgpass', '# host\ndb:5432:*:alice:s3cret\n', 'a password 2'],
    ['root/.git-credentials', 'https://alice:s3cret@git.example.com\n', 'a password 1'],
    ['etc/pip.conf', '[global]\nindex-url = https://alice:s3cret@pypi.example.com/simple\n', 'a password 2'],
    ['app/.npmrc', 'a=b\n//npm.example.com/:_authToken=abcdef\n', 'a package registry password 2'],
    ['root/.pypirc', '[pypi]\npassword = s3cret\n', 'a package registry password 2'],
    ['root/.kube/config', 'users:\n- user:\n    token: abcdefghijkl\n', 'cluster credentials 3'],
    ['srv/app/secrets.json', '{\n"db": {"password": "s3cretly-made"}}', 'a password 2'],
    ['app/appsettings.Production.json', '{"smtpPassword" : "s3cretly-made"}', 'a password 1'],
    ['etc/shadow', 'daemon:*:1:0:9:7:::\nroot:$6$salt$hashhashhash:1:0:9:7:::\n', 'a password hash 2'],
    ['app/.env', '# ours\nMODE=fast\nexport DB_PASSWORD="hunter2" # x\n', 'environment variables 3'],
    ['app/.env.production', 'DATABASE_URL=postgres://u:hunter2@db/x\r\n', 'environment variables 1'],
    ['root/.cargo/credentials.toml', '[registry]\ntoken = "abcdef"\n', 'a package registry password 2'],
    ['root/.gem/credentials', '---\n:rubygems_api_key: rubygems_abc\n', 'a package registry password 2'],
    ['root/.m2/settings.xml', '<server>\n<password>s3cret</password>', 'a package registry password 2'],
    ['root/.my.cnf', '[client]\npassword=s3cret\n', 'a password 2'],
    ['etc/nginx/.htpasswd', 'alice:$apr1$abc$abcdefgh\n', 'a password hash 1'],
    ['root/.s3cfg', 'access_key =\nsecret_key = abcdef\n', 'cloud credentials 2'],
    ['root/.azure/accessTokens.json', '[{\n"refreshToken": "abcdefghij"}]', 'cloud credentials 2'],
    ['root/.vault-token', 'hvs.abcdefghijklmnopqrstuvwx', 'a Vault token 1'],
    ['infra/prod.tfstate', '{\n"password": "s3cretly-made"}', 'a password 2'],
    ['infra/terraform.tfvars', 'db_password = "hunter2"\n', 'a password 1'],
    ['root/.bash_history', 'ls\nmysql -u root -phunter2\n', 'a password in a command 2'],
    ['etc/bind/rndc.key', 'key "rndc-key" {\n secret "abcdefghijklmnopqrstuv==";\n};', 'a DNS update key 2'],
    ['config/master.key', '0123456789abcdef0123456789abcdef', 'a secret key 1'],
  ];
  for (const [path, text, what] of cases) {
    assert.deepEqual(found(path, text), [what], path);
    assert.deepEqual(found('srv/notes', text), [], `${path} by another name`);
  }
});

test('ignores what only resembles a secret', () => {
  const cases: readonly (readonly [path: string, text: string])[] = [
    ['lib/pem.py', 'START = "-----BEGIN RSA PRIVATE KEY-----"\nEND = "-----END RSA PRIVATE KEY-----"\n'],
    ['etc/ssl/x.pem', `-----BEGIN CERTIFICATE-----\n${letters(64)}\n`],
    ['x.pub', `-----BEGIN PUBLIC KEY-----\n${letters(64)}\n`],
    [
      'doc',
      `${start('AK', 'IA')}IOSFODNN7EXAMPLE and ${start('aws', '_secret_')}access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`,
    ],
    ['app/.npmrc', 'registry=https://npm.example.com/\n//npm.example.com/:_authToken=${NPM_TOKEN}\n'],
    ['app/.npmrc', '# //npm.example.com/:_authToken=abcdef\n'],
    ['usr/share/dns/root.key', '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n'],
    ['etc/trusted.key', '. 172800 IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3\n'],
    ['etc/x.key', `-----BEGIN PUBLIC KEY-----\n${letters(64)}\n-----END PUBLIC KEY-----\n`],
    ['etc/x.key', `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${letters(64)}\n`],
    ['app/.env', '# DB_PASSWORD=hunter2\n; TOKEN=abc\n\n'],
    ['app/.env', 'DB_PASSWORD=${DB_PASSWORD}\nTOKEN=\nMODE=fast\nAPI_KEY= # yours\n'],
    ['root/.bash_history', 'ls -la\ncd /srv\nmake all\n'],
    ['root/.m2/settings.xml', '<password>${env.PASSWORD}</password>'],
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

test('knows binary keys and key stores from other files of their names', () => {
  const scan = new SecretScan();
  const look = (path: string, bytes: Buffer): string[] => {
    scan.begin(path, bytes.length);
    scan.data(bytes);
    return scan.end().map(({ what }) => what);
  };
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const encrypted = { type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  assert.deepEqual(look('a.key', privateKey.export({ type: 'pkcs1', format: 'der' })), ['a private key']);
  assert.deepEqual(look('a.key', privateKey.export({ type: 'pkcs8', format: 'der' })), ['a private key']);
  assert.deepEqual(look('a.key', ec.export({ type: 'sec1', format: 'der' })), ['a private key']);
  assert.deepEqual(look('a.key', privateKey.export(encrypted)), ['an encrypted private key']);
  for (const type of ['pkcs1', 'spki'] as const)
    assert.deepEqual(look('a.key', createPublicKey(privateKey).export({ type, format: 'der' })), []);
  const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(2 << 20)]);
  assert.deepEqual(look('slides.key', zip), []);
  const store = Buffer.concat([Buffer.from('fedfeed', 'hex'), Buffer.alloc(100)]);
  assert.deepEqual(look('a.jks', store), []);
  const rest = Buffer.alloc(100);
  for (const magic of ['feedfeed', 'cececece', '03d9a29a', '308209c1020103308209', '3080020103308006'])
    assert.deepEqual(look('a.p12', Buffer.concat([Buffer.from(magic, 'hex'), rest])), ['a key store'], magic);
  assert.deepEqual(look('truststore.jks', Buffer.concat([Buffer.from('feedfeed', 'hex'), rest])), []);
});

test('searches the start of small text files, however their bytes are cut', () => {
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
  assert.equal(look('srv/large.key', Buffer.concat([key, Buffer.alloc(1 << 20, 'x')]), 65_536), 1);
  assert.equal(look('app/.env', Buffer.from('PASS=x1'), 1), 1, 'a short file by its name');
  assert.equal(look('usr/share/doc/key', key, 65_536), 0);
  assert.equal(look('srv/empty', Buffer.alloc(0), 1), 0);
  assert.equal(look('srv/key', key, 100), 1, 'after other files');
});

test('reads hostile text in reasonable time', () => {
  for (const text of [
    '-----BEGIN PRIVATE KEY-----\n'.repeat(2300),
    `PRIVATE KEY-----${'-----BEGIN PRIVATE KEY-----\nA: b\n'.repeat(1900)}`,
    `PRIVATE KEY-----${'password '.repeat(7000)}`,
    `a:${':'.repeat(65_000)}`,
    `https://${'a'.repeat(65_000)}`,
  ]) {
    for (const path of [
      'x',
      'root/.netrc',
      'root/.pgpass',
      'root/.git-credentials',
      'pip.conf',
      'root/.npmrc',
      '.env',
      '.bash_history',
    ])
      assert.ok(suspectsIn(path, text.slice(0, 65_536)).length <= 5);
  }
});

for (const compression of ['gzip', 'zstd'] as const) {
  test(`finds secrets in one pass over a layer, and stores none of them: ${compression}`, async () => {
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
    const tree = await pulling.open(`${registry.host}/secrets:latest`);
    const files = tree.find('srv/config.yml').content?.layer.files;
    assert.ok(files);
    const secrets = secretFiles([atOnce(layerContentOf(files.listing, 1))]).toSorted((a, b) =>
      a.path < b.path ? -1 : 1,
    );
    assert.deepEqual(secrets, [
      { path: 'root/.ssh/deploy', layer: 1, what: 'a private key', line: 1 },
      { path: 'srv/config.yml', layer: 1, what: 'a GitLab token', line: 2 },
    ]);
    assert.ok(!JSON.stringify(files.listing.entry(1)).includes(token));
    // The second opening reads the cached listing.
    const again = await pulling.open(`${registry.host}/secrets:latest`);
    assert.deepEqual(again.find('srv/config.yml').contentEntry?.suspects, [{ what: 'a GitLab token', line: 2 }]);
  });
}
