import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SECTION, SETTINGS } from '../../../../src/vscode/common/ids.ts';
import {
  parseAddress,
  parseRegistries,
  parseRegistry,
  readSettings,
} from '../../../../src/vscode/settings/settings.ts';
import { InvalidSettingError } from '../../../../src/vscode/common/errors.ts';

test('has the defaults of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    contributes: { configuration: { properties: Record<string, { default: unknown }> }[] };
  };
  const properties = Object.assign({}, ...manifest.contributes.configuration.map(group => group.properties)) as Record<
    string,
    { default: unknown }
  >;
  const declared = (key: string): unknown => properties[`${SECTION}.${key}`]?.default;
  assert.deepEqual(
    readSettings(declared),
    readSettings(() => undefined),
  );
  assert.deepEqual(parseRegistries(undefined), []);
  assert.deepEqual(
    parseRegistries(declared(SETTINGS.registries)).map(entry => [entry.name, entry.url]),
    [['docker.io', 'https://registry-1.docker.io']],
  );
  for (const key of Object.values(SETTINGS)) assert.notEqual(declared(key), undefined, key);
});

test('converts megabytes and seconds to bytes and milliseconds', () => {
  const values: Record<string, unknown> = {
    'cache.maxSizeMB': 2,
    'limits.maxLayerMB': 3,
    'network.idleTimeoutSeconds': 4,
  };
  const settings = readSettings(key => values[key]);
  assert.deepEqual([settings.cacheSize, settings.maxBytes, settings.idleTimeout], [2_097_152, 3_145_728, 4000]);
});

test('refuses a value of the wrong type or range, by key', () => {
  const wrong: [string, unknown][] = [
    ['concurrency', -1],
    ['concurrency', '4'],
    ['limits.maxEntries', 0],
    ['network.firstByteTimeoutSeconds', 1.5],
    ['credentials.dockerConfig', 'yes'],
    ['mount.nosuidNodev', 1],
    ['imagesFolder', ['a']],
    ['network.certificateFolders', 'x'],
  ];
  const refuses = (key: string, value: unknown, read: () => unknown): void =>
    assert.throws(
      read,
      (error: unknown) => error instanceof InvalidSettingError && error.key === key,
      `${key} = ${JSON.stringify(value)}`,
    );
  for (const [key, value] of wrong)
    refuses(key, value, () => readSettings(asked => (asked === key ? value : undefined)));
  for (const value of [{}, ['a.example', 'a.example']]) refuses('registries', value, () => parseRegistries(value));
});

test('accepts an address as users type it', () => {
  const cases: [string, string][] = [
    ['registry.example.com', 'https://registry.example.com'],
    ['registry.example.com:5000/', 'https://registry.example.com:5000'],
    ['https://r.example/v2/', 'https://r.example'],
    ['https://r.example/artifactory/api/docker/repo/', 'https://r.example/artifactory/api/docker/repo'],
    ['https://r.example/artifactory/api/docker/repo/v2', 'https://r.example/artifactory/api/docker/repo'],
    ['localhost:5000', 'http://localhost:5000'],
    ['127.0.0.1:5000', 'http://127.0.0.1:5000'],
    ['[::1]:5000', 'http://[::1]:5000'],
    ['my.localhost', 'http://my.localhost'],
    ['localhost.example.com', 'https://localhost.example.com'],
    ['HTTP://R.example', 'http://r.example'],
  ];
  for (const [typed, url] of cases) assert.equal(parseAddress(typed, 'url'), url);
});

test('refuses an address that is invalid or contains a secret', () => {
  for (const typed of [
    '',
    '  ',
    'ftp://r.example',
    'file:///etc',
    'https://me:secret@r.example',
    'https://r.example/?a=b',
    'https://r.example/#x',
    'http://',
    'https://[',
    7,
    undefined,
  ]) {
    assert.throws(() => parseAddress(typed, 'url'), InvalidSettingError, String(typed));
  }
  assert.throws(
    () => parseAddress('https://me:secret@r.example', 'url'),
    (error: Error) => !error.message.includes('secret'),
  );
});

test("a registry's name is its host, or one that references can begin with", () => {
  assert.equal(parseRegistry({ url: 'https://r.example/prefix' }).name, 'r.example');
  assert.equal(parseRegistry('127.0.0.1:5000').name, '127.0.0.1:5000');
  assert.equal(parseRegistry({ url: 'https://registry-1.docker.io' }).name, 'docker.io');
  assert.equal(parseRegistry({ url: 'https://r.example', name: 'company.example' }).name, 'company.example');
  assert.equal(parseRegistry({ url: 'https://r.example', name: 'company.example' }).label, undefined);
  assert.throws(() => parseRegistry({ url: 'https://r.example', name: 7 }), InvalidSettingError);
});

test("a name that references can't begin with becomes a label", () => {
  for (const name of ['company', 'Company mirror', 'a/b.c', 'a b.c', '-a.b', 'a.b:x']) {
    const setting = parseRegistry({ url: 'https://r.example:5000/path', name });
    assert.deepEqual([setting.name, setting.label], ['r.example:5000', name]);
  }
  const twice = [{ url: 'r.example', name: 'one' }, 'r.example'];
  assert.throws(() => parseRegistries(twice), /"r\.example" twice/);
});

test('reads every field of an entry', () => {
  const entry = {
    url: 'r.example',
    insecure: true,
    mirrors: ['https://m.example/v2', { url: 'cache.example', ns: true }],
    ca: '/ca.pem',
    cert: '/c.pem',
    key: '/k.pem',
  };
  assert.deepEqual(parseRegistries([entry]), [
    {
      name: 'r.example',
      url: 'https://r.example',
      insecure: true,
      mirrors: ['https://m.example', { url: 'https://cache.example', ns: true }],
      ca: '/ca.pem',
      cert: '/c.pem',
      key: '/k.pem',
    },
  ]);
  assert.deepEqual(parseRegistries(undefined), []);
});
