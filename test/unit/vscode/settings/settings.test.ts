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
import { InvalidSettingError } from '../../../../src/vscode/common/settingErrors.ts';

test('without any setting, what package.json promises as defaults is what the code takes', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    contributes: { configuration: { properties: Record<string, { default: unknown }> } };
  };
  const { properties } = manifest.contributes.configuration;
  const declared = (key: string): unknown => properties[`${SECTION}.${key}`]?.default;
  const standard = readSettings(() => undefined);
  const { registries, ...rest } = readSettings(declared);
  const { registries: none, ...standardRest } = standard;
  assert.deepEqual(rest, standardRest);
  assert.deepEqual(none, []);
  assert.deepEqual(
    registries.map(entry => [entry.name, entry.url]),
    [['docker.io', 'https://registry-1.docker.io']],
  );
  for (const key of Object.values(SETTINGS)) assert.notEqual(declared(key), undefined, key);
});

test('units: megabytes and seconds become bytes and milliseconds', () => {
  const values: Record<string, unknown> = {
    'cache.maxSizeMB': 2,
    'limits.maxLayerMB': 3,
    'network.idleTimeoutSeconds': 4,
  };
  const settings = readSettings(key => values[key]);
  assert.deepEqual([settings.cacheSize, settings.maxBytes, settings.idleTimeout], [2_097_152, 3_145_728, 4000]);
});

test('a value of a wrong type or range is refused by its key', () => {
  const wrong: [string, unknown][] = [
    ['concurrency', -1],
    ['concurrency', '4'],
    ['limits.maxEntries', 0],
    ['network.firstByteTimeoutSeconds', 1.5],
    ['credentials.dockerConfig', 'yes'],
    ['mount.nosuidNodev', 1],
    ['imagesFolder', ['a']],
    ['network.certificateFolders', 'x'],
    ['registries', {}],
    ['registries', ['a.example', 'a.example']],
  ];
  for (const [key, value] of wrong) {
    const read = (): unknown => readSettings(asked => (asked === key ? value : undefined));
    assert.throws(
      read,
      (error: unknown) => error instanceof InvalidSettingError && error.key === key,
      `${key} = ${JSON.stringify(value)}`,
    );
  }
});

test('an address is read as people type it', () => {
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

test('an address that holds a secret or is none is refused', () => {
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

test('a name that references cannot begin with is a label, and the host stays the name', () => {
  for (const name of ['company', 'Company mirror', 'a/b.c', 'a b.c', '-a.b', 'a.b:x']) {
    const setting = parseRegistry({ url: 'https://r.example:5000/path', name });
    assert.deepEqual([setting.name, setting.label], ['r.example:5000', name]);
  }
  const twice = [{ url: 'r.example', name: 'one' }, 'r.example'];
  assert.throws(() => parseRegistries(twice), /"r\.example" twice/);
});

test('every field of an entry arrives', () => {
  const entry = {
    url: 'r.example',
    insecure: true,
    mirrors: ['https://m.example/v2'],
    ca: '/ca.pem',
    cert: '/c.pem',
    key: '/k.pem',
  };
  assert.deepEqual(parseRegistries([entry]), [
    {
      name: 'r.example',
      url: 'https://r.example',
      insecure: true,
      mirrors: ['https://m.example'],
      ca: '/ca.pem',
      cert: '/c.pem',
      key: '/k.pem',
    },
  ]);
  assert.deepEqual(parseRegistries(undefined), []);
});
