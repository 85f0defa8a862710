import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { estargz } from '../../support/estargz.ts';
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

test('names the layer that brought each package, and leaves out what the system owns', async () => {
  const status = (...names: string[]): string =>
    names.map(name => `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n`).join('\n');
  const metadata = (name: string): string => `Name: ${name}\nVersion: 2\n\n`;
  const base = layer([
    file('usr/lib/os-release', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'),
    symlink('etc/os-release', '../usr/lib/os-release'),
    symlink('lib', 'usr/lib'),
    file('var/lib/dpkg/status', status('python3-six')),
    file('var/lib/dpkg/info/python3-six.list', '/.\n/lib\n/lib/python3/six.dist-info/METADATA\n'),
    file('usr/lib/python3/six.dist-info/METADATA', metadata('six')),
    file(
      'usr/share/doc/python3-six/copyright',
      'Format: https://x/copyright-format/1.0/\n\nFiles: *\nLicense: Expat\n',
    ),
    file('app/node_modules/gone/package.json', '{"name":"gone","version":"1"}'),
  ]);
  const upper = layer([
    file('var/lib/dpkg/status', status('python3-six', 'tool')),
    file('var/lib/dpkg/info/tool.list', '/usr/bin/tool\n'),
    file('app/node_modules/.wh.gone', ''),
    file('app/node_modules/kept/package.json', '{"name":"kept","version":"3","license":"MIT"}'),
    file('usr/local/lib/pip.dist-info/METADATA', metadata('pip')),
    file('usr/share/x.spdx.json', '{}'),
  ]);
  registry.store.put('packages', image({ layers: [base, upper] }), 'layers');
  const resolved = await pulling.resolve(`${registry.host}/packages:layers`);
  const { os, packages, sboms, notes } = await packagesIn(pulling, resolved);
  assert.deepEqual(os, { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' });
  assert.deepEqual(
    packages.map(({ type, name, license, layer: number, path }) => [type, name, license, number, path]),
    [
      ['dpkg', 'python3-six', 'Expat', 1, 'var/lib/dpkg/status'],
      ['dpkg', 'tool', undefined, 2, 'var/lib/dpkg/status'],
      ['npm', 'kept', 'MIT', 2, 'app/node_modules/kept/package.json'],
      ['pypi', 'pip', undefined, 2, 'usr/local/lib/pip.dist-info/METADATA'],
    ],
  );
  assert.deepEqual([sboms, notes], [[{ path: 'usr/share/x.spdx.json', layer: 2 }], []]);
});

test('says what it could not read, and reads the rest', async () => {
  const built = layer([
    file('app/node_modules/bad/package.json', '{"name":'),
    file('app/node_modules/deep/package.json', '['.repeat(100_000)),
    file('app/node_modules/good/package.json', '{"name":"good","version":"1"}'),
    file('opt/a-1.jar', 'not a zip'),
  ]);
  registry.store.put('packages', image({ layers: [built] }), 'bad');
  const { packages, notes } = await packagesIn(pulling, await pulling.resolve(`${registry.host}/packages:bad`));
  assert.deepEqual(
    packages.map(({ name }) => name),
    ['good'],
  );
  assert.deepEqual(notes.toSorted(), [
    'app/node_modules/bad/package.json is damaged, or not what its name says.',
    'app/node_modules/deep/package.json is damaged, or not what its name says.',
    'opt/a-1.jar is not a zip archive.',
  ]);
});

test('reads few files of a layer with a table of contents without its other bytes', async () => {
  const built = estargz([
    file('lib/apk/db/installed', 'P:musl\nV:1.2\nA:x86_64\nL:MIT\nF:lib\nR:ld.so\n'),
    file('lib/ld.so', 'x'),
    file('large', randomBytes(3_000_000)),
  ]);
  registry.store.put('packages', image({ layers: [built] }), 'toc');
  const resolved = await pulling.resolve(`${registry.host}/packages:toc`);
  const { packages } = await packagesIn(pulling, resolved);
  assert.deepEqual(packages, [
    {
      name: 'musl',
      version: '1.2',
      arch: 'x86_64',
      license: 'MIT',
      type: 'apk',
      path: 'lib/apk/db/installed',
      layer: 1,
    },
  ]);
  const { digest, size } = resolved.layers[0]?.descriptor ?? assert.fail();
  assert.equal(await pulling.layerWork.store.has(digest, size), false);
});

test('agrees with dpkg-query on packages that dpkg installed', { skip: requireTool('dpkg', 'dpkg-deb') }, async t => {
  const scratch = mkdtempSync(join(tmpdir(), 'peel-dpkg-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const root = join(scratch, 'root');
  for (const folder of ['var/lib/dpkg/info', 'var/lib/dpkg/updates'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', name), '');
  const built = ['alpha 1:2.0-1 all', 'beta 3~rc1+b2 all'].map((text, at) => {
    const [name = '', version = '', arch = ''] = text.split(' ');
    const folder = join(scratch, String(at));
    mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
    mkdirSync(join(folder, 'usr/share', name), { recursive: true });
    writeFileSync(join(folder, 'usr/share', name, 'file'), 'x');
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: ${arch}\nSource: src-${name}\nMaintainer: A <a@example.com>\nDescription: it\n`;
    writeFileSync(join(folder, 'DEBIAN/control'), control);
    execFileSync('dpkg-deb', ['-b', folder, `${folder}.deb`], { stdio: 'ignore' });
    return `${folder}.deb`;
  });
  execFileSync('dpkg', [`--root=${root}`, '--force-not-root', '--force-bad-path', '-i', ...built], { stdio: 'ignore' });
  const format = String.raw`--showformat=\${Package} \${Version} \${Architecture} \${source:Package}\n`.replaceAll(
    '\\$',
    '$',
  );
  const listed = execFileSync('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '-W', format], { encoding: 'utf8' });
  const entries = ['status', 'info/alpha.list', 'info/beta.list'].map(name =>
    file(`var/lib/dpkg/${name}`, readFileSync(join(root, 'var/lib/dpkg', name))),
  );
  registry.store.put('packages', image({ layers: [layer(entries)] }), 'dpkg');
  const { packages } = await packagesIn(pulling, await pulling.resolve(`${registry.host}/packages:dpkg`));
  assert.equal(packages.length, 2);
  assert.deepEqual(
    packages.map(({ name, version, arch, source }) => [name, version, arch, source].join(' ')),
    listed.trim().split('\n'),
  );
});
