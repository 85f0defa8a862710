import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { image, layer, type BuiltLayer } from '../../support/image.ts';
import { packagesIn } from '../../support/packages.ts';
import { makeRpmDatabase, RPM_TOOLS } from '../../support/rpmDatabase.ts';
import { file, symlink } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

const { registry, pulling } = await setUpPulling();

/** `name version`, by package manager. */
async function packagesOf(built: BuiltLayer): Promise<Record<string, string[]>> {
  registry.store.put('packages', image({ layers: [built] }), 'latest');
  const { packages, notes } = await packagesIn(pulling, await pulling.resolve(`${registry.host}/packages:latest`));
  assert.deepEqual(notes, []);
  const byType = [...Map.groupBy(packages, ({ type }) => type)];
  return Object.fromEntries(byType.map(([type, all]) => [type, all.map(({ name, version }) => `${name} ${version}`)]));
}

test('reads a file for each package of a distroless image', async () => {
  const part = (name: string, version: string): string =>
    `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nDescription: it\n Package: not a field\n`;
  assert.deepEqual(
    await packagesOf(
      layer([
        file('var/lib/dpkg/status.d/base-files', part('base-files', '12.4')),
        file('var/lib/dpkg/status.d/bGliYzY=', part('libc6', '2.36-9')),
        file('var/lib/dpkg/status.d/bGliYzY=.md5sums', 'd41d8cd98f00b204e9800998ecf8427e  usr/lib/libc.so.6\n'),
        file('var/lib/dpkg/status.d/empty', ''),
      ]),
    ),
    { dpkg: ['base-files 12.4', 'libc6 2.36-9'] },
  );
});

test('adds a folder of packages to a database of dpkg', async () => {
  const status =
    'Package: apt\nStatus: install ok installed\nVersion: 2.6\n\nPackage: both\nStatus: install ok installed\nVersion: 2\n';
  assert.deepEqual(
    await packagesOf(
      layer([
        file('var/lib/dpkg/status', status),
        file('var/lib/dpkg/status.d/both', 'Package: both\nVersion: 1\n'),
        file('var/lib/dpkg/status.d/more', 'Package: more\nVersion: 1\n'),
      ]),
    ),
    { dpkg: ['apt 2.6', 'both 2', 'more 1'] },
  );
});

test('finds no packages in an image without databases', async () => {
  assert.deepEqual(await packagesOf(layer([file('etc/motd', 'hello')])), {});
});

test('reports a damaged database', async () => {
  registry.store.put('packages', image({ layers: [layer([file('var/lib/rpm/Packages', 'hello')])] }), 'damaged');
  const { packages, notes } = await packagesIn(pulling, await pulling.resolve(`${registry.host}/packages:damaged`));
  assert.deepEqual(packages, []);
  assert.match(notes.join(), /^var\/lib\/rpm\/Packages: The package database can't be read/);
});

test('finds the database of rpm in each of its folders', { skip: requireTool(...RPM_TOOLS) }, async t => {
  const scratch = mkdtempSync(join(tmpdir(), 'peel-rpm-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const { path } = await makeRpmDatabase(scratch, [{ name: 'alpha', version: '1.0', epoch: 2 }]);
  for (const folder of ['usr/lib/sysimage/rpm', 'usr/share/rpm', 'var/lib/rpm']) {
    const database = file(`${folder}/rpmdb.sqlite`, readFileSync(path));
    assert.deepEqual(await packagesOf(layer([database])), { rpm: ['alpha 2:1.0-1'] });
  }
  const linked = [
    file('usr/lib/sysimage/rpm/rpmdb.sqlite', readFileSync(path)),
    symlink('var/lib/rpm', '../../usr/lib/sysimage/rpm'),
  ];
  assert.deepEqual(await packagesOf(layer(linked)), { rpm: ['alpha 2:1.0-1'] });
});
