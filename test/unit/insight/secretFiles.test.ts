import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayerContent } from '../../../src/insight/layerContent.ts';
import { secretFiles } from '../../../src/insight/secretFiles.ts';

/** A layer of which only a list of the files was read. */
function listed(number: number, paths: readonly string[], size = 10): LayerContent {
  const common = { type: 'file', size, mode: 0o644, uid: 0, gid: 0, linkname: '', layer: number } as const;
  return { number, entries: paths.map(path => ({ path, ...common })), deleted: [], opaque: [], listedOnly: true };
}

test('finds files by their names in layers that were only listed', () => {
  const paths = [
    'root/.ssh/id_ed25519',
    'etc/nginx/tls/server.key',
    'app/.env',
    'app/.env.production',
    'root/.npmrc',
    'root/.aws/credentials',
    'root/.docker/config.json',
    'root/.kube/config',
    'home/me/.git-credentials',
    'infra/prod.tfstate',
    'root/.bash_history',
    'store.p12',
    'etc/tls/privkey.pem',
  ];
  assert.deepEqual(
    secretFiles([listed(1, paths.slice(0, 5)), listed(2, paths.slice(5))]).map(({ path, layer }) => [path, layer]),
    paths.map((path, at) => [path, at < 5 ? 1 : 2]),
  );
});

test('does not suspect what every image has', () => {
  const paths = [
    'root/.ssh/id_ed25519.pub',
    'etc/ssl/certs/ca-certificates.crt',
    'etc/ssl/certs/some-private-key.pem',
    'usr/share/ca-certificates/mozilla/x.crt',
    'app/.env.example',
    'app/.environment',
    'usr/lib/python3/test/keycert.key/x',
    'app/node_modules/x/test/fixtures/server.key',
    'etc/config.json',
    'usr/share/keyrings/debian.gpg',
    'usr/share/dns/root.key',
    'etc/pki/truststore.jks',
    'monkey',
  ];
  assert.deepEqual(secretFiles([listed(1, paths)]), []);
});

test('does not suspect an empty file', () => {
  assert.deepEqual(secretFiles([listed(1, ['app/.env'], 0)]), []);
});

test('ignores names where the content was read', () => {
  const { listedOnly: _listedOnly, ...read } = listed(1, ['app/.env', 'etc/dnssec/root.key', 'slides.key']);
  assert.deepEqual(secretFiles([read]), []);
});

test('puts secrets found by content before names, and examples last', () => {
  const [entry] = listed(1, ['root/.npmrc']).entries;
  assert.ok(entry);
  const found = { ...entry, suspects: [{ what: 'an npm token', line: 2 }] };
  const example = { ...found, path: 'srv/tests/a.key' };
  const named = { ...entry, path: 'app/.env' };
  const content = { ...listed(1, []), entries: [example, named, found] };
  assert.deepEqual(secretFiles([content]), [
    { path: 'root/.npmrc', layer: 1, what: 'an npm token', line: 2 },
    { path: 'app/.env', layer: 1, what: 'environment variables' },
    { path: 'srv/tests/a.key', layer: 1, what: 'an npm token', line: 2, example: true },
  ]);
});
