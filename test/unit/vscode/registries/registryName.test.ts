import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from '../../../../src/vscode/common/argument.ts';
import { registryNamed } from '../../../../src/vscode/registries/registryName.ts';
import { parseRegistries } from '../../../../src/vscode/settings/settings.ts';

const entries = parseRegistries([
  { url: 'https://registry-1.docker.io', name: 'docker.io' },
  { url: 'http://127.0.0.1:5000' },
  { url: 'https://mirror.example:8443/artifactory/api/docker/repo', name: 'company.example' },
  { url: 'https://many.example/one', name: 'one.example' },
  { url: 'https://many.example/two', name: 'two.example' },
  { url: 'https://shown.example', name: 'Our registry' },
]);

test('finds a registry by its name, label, host or address, however they are written', () => {
  const cases: [string, string][] = [
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['127.0.0.1:5000', '127.0.0.1:5000'],
    ['http://127.0.0.1:5000', '127.0.0.1:5000'],
    ['http://127.0.0.1:5000/', '127.0.0.1:5000'],
    ['127.0.0.1:5000/', '127.0.0.1:5000'],
    ['https://127.0.0.1:5000/v2/', '127.0.0.1:5000'],
    ['company.example', 'company.example'],
    ['mirror.example:8443', 'company.example'],
    ['https://mirror.example:8443/artifactory/api/docker/repo/', 'company.example'],
    ['https://many.example/two', 'two.example'],
    ['Our registry', 'shown.example'],
    ['SHOWN.example', 'shown.example'],
  ];
  for (const [given, name] of cases) assert.equal(registryNamed(given, entries), name, given);
});

test('names an unlisted registry as references to it begin', () => {
  const cases: [string, string][] = [
    ['ghcr.io', 'ghcr.io'],
    ['https://ghcr.io/', 'ghcr.io'],
    ['r.example:443', 'r.example:443'],
    ['https://r.example:5000/v2', 'r.example:5000'],
    ['https://many.example', 'many.example'],
    ['hello-0a1b2c3d.localhost', 'hello-0a1b2c3d.localhost'],
  ];
  for (const [given, name] of cases) assert.equal(registryNamed(given, entries), name, given);
});

test('refuses what is not a registry, without repeating a password in it', () => {
  for (const given of ['', 'ftp://r.example', 'two words', 'https://me:hidden@r.example'])
    assert.throws(
      () => registryNamed(given, entries),
      (error: unknown) => error instanceof InvalidArgumentError && !error.message.includes('hidden'),
      given,
    );
});
