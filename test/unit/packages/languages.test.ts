import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { mayBeProgram, READERS, recordKind } from '../../../src/packages/fileKinds.ts';
import { projectRoot } from '../../rig/paths.ts';
import { requireThat, requireTool } from '../../support/tools.ts';
import { zipOf } from '../../support/zip.ts';

const read = (kind: keyof typeof READERS, content: string | Buffer, path = 'x'): string[] =>
  READERS[kind](Buffer.from(content), path).packages.map(one =>
    [one.name, one.version, one.license, one.inside].filter(Boolean).join(' '),
  );

test('takes the package.json of a package, not those of its folders', () => {
  const taken = ['node_modules/a/package.json', 'x/node_modules/@s/a/package.json', 'app/package.json', 'package.json'];
  const left = ['node_modules/a/dist/package.json', 'a/node_modules/@s/package.json/x', 'node_modules/package.json'];
  assert.deepEqual(taken.map(recordKind), ['npm', 'npm', 'npm', 'npm']);
  assert.deepEqual(left.map(recordKind), [undefined, undefined, undefined]);
  assert.equal(recordKind('node_modules/a/node_modules/b/lib/package.json'), undefined);
});

test('knows records by their paths', () => {
  assert.equal(recordKind('usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA'), 'python');
  assert.equal(recordKind('usr/lib/python3/dist-packages/old-1.egg-info'), 'python');
  assert.equal(recordKind('usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.gemspec'), 'gemspec');
  assert.equal(recordKind('app/vendor/composer/installed.json'), 'composer');
  assert.equal(recordKind('app/My.deps.json'), 'deps');
  assert.equal(recordKind('app/lib/x.JAR'), 'jar');
  assert.ok(mayBeProgram({ path: 'usr/bin/x', mode: 0o755, size: 1e6 }));
  assert.ok(!mayBeProgram({ path: 'usr/lib/libx.so.1', mode: 0o755, size: 1e6 }));
  assert.ok(!mayBeProgram({ path: 'usr/bin/x', mode: 0o644, size: 1e6 }));
});

test('reads records of npm, Python, Ruby, .NET and PHP', () => {
  assert.deepEqual(read('npm', '{"name":"@s/a","version":"1.0.0","licenses":[{"type":"MIT"},{"type":"BSD"}]}'), [
    '@s/a 1.0.0 (MIT OR BSD)',
  ]);
  assert.deepEqual(read('npm', '{"type":"module"}'), []);
  const metadata = 'Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n\nName: not this\n';
  assert.deepEqual(read('python', metadata), ['six 1.16.0 MIT']);
  const classified = 'Name: a\nVersion: 1\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n';
  assert.deepEqual(read('python', classified), ['a 1 MIT License']);
  const gem =
    'Gem::Specification.new do |s|\n  s.name = "rake".freeze\n  s.version = "13.0.6"\n  s.licenses = ["MIT".freeze]\n';
  assert.deepEqual(read('gemspec', gem), ['rake 13.0.6 MIT']);
  const computed = 's.name = "a"\ns.version = "#{VERSION}"\n';
  assert.deepEqual(read('gemspec', computed, 'specifications/a-2.1.gemspec'), ['a 2.1']);
  const installed = '[{"name":"psr/log","version":"1.1.4","license":["MIT"]}]';
  assert.deepEqual(read('composer', installed), ['psr/log 1.1.4 MIT']);
  assert.deepEqual(read('composer', `{"packages":${installed}}`), ['psr/log 1.1.4 MIT']);
  const deps = {
    targets: {
      '.NETCoreApp,Version=v8.0': {
        'App/1.0.0': { runtime: { 'App.dll': {} } },
        'N/13.0': { runtime: { 'N.dll': {} } },
        'E/1': {},
      },
    },
    libraries: { 'App/1.0.0': { type: 'project' }, 'N/13.0': { type: 'package' }, 'E/1': { type: 'package' } },
  };
  assert.deepEqual(read('deps', JSON.stringify(deps)), ['N 13.0']);
});

test('reads Java archives by Maven, manifest and name, also inside each other', () => {
  const pom = zipOf([['META-INF/maven/org.x/core/pom.properties', 'groupId=org.x\nartifactId=core\nversion=2.1\n']]);
  const manifest = zipOf([
    [
      'META-INF/MANIFEST.MF',
      'Manifest-Version: 1.0\r\nImplementation-Version: 3.\r\n 4\r\n\r\nName: x\r\nBundle-Version: 9\r\n',
    ],
  ]);
  const app = zipOf([
    ['BOOT-INF/lib/core.jar', pom],
    ['BOOT-INF/lib/util-9.jar', manifest],
    ['BOOT-INF/lib/plain-1.2.jar', zipOf([['a.class', '']])],
  ]);
  assert.deepEqual(read('jar', app, 'opt/app-5.0.war').toSorted(), [
    'app 5.0',
    'org.x:core 2.1 BOOT-INF/lib/core.jar',
    'plain 1.2 BOOT-INF/lib/plain-1.2.jar',
    'util 3.4 BOOT-INF/lib/util-9.jar',
  ]);
});

test('limits hostile archives, and reports what it left out', () => {
  const bomb = zipOf([['META-INF/MANIFEST.MF', Buffer.alloc(64 << 20)]]);
  assert.match(READERS.jar(bomb, 'a-1.jar').notes?.join() ?? '', /too large/);
  let nested = zipOf([['a', '']]);
  for (let depth = 0; depth < 20; depth++) nested = zipOf([['n-1.jar', nested]]);
  const { packages, notes } = READERS.jar(nested, 'a-1.jar');
  assert.ok(packages.length <= 6);
  assert.match(notes?.join() ?? '', /more archives/);
  for (const bytes of [Buffer.alloc(0), Buffer.from('PK'), bomb.subarray(0, -30), Buffer.alloc(70_000, 'PK\x05\x06')])
    assert.ok(READERS.jar(bytes, 'a.jar').notes?.length === 1);
  const damaged = Buffer.from(bomb);
  damaged.writeUInt16LE(0xfff0, damaged.length - 12);
  assert.equal(READERS.jar(damaged, 'a.jar').notes?.length, 1);
});

const GO_PROGRAMS = globSync('node_modules/@{typescript,oxlint-tsgolint}/*/{lib/tsc,tsgolint}', { cwd: projectRoot });

test('reads the modules of Go programs', { skip: requireThat(GO_PROGRAMS.length > 0, 'no Go program') }, () => {
  for (const path of GO_PROGRAMS) {
    const { packages } = READERS.executable(readFileSync(join(projectRoot, path)), path);
    assert.match(packages.find(({ name }) => name === 'stdlib')?.version ?? '', /^1\.\d+/, path);
    assert.ok(
      packages.some(({ name, version }) => name === 'golang.org/x/sys' && /^v\d/.test(version)),
      path,
    );
  }
});

test('reads the crates of a Rust program', { skip: requireTool('g++', 'objcopy') }, t => {
  const folder = mkdtempSync(join(tmpdir(), 'peel-elf-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [source, program, section] = ['a.cc', 'a', 'section'].map(name => join(folder, name));
  assert.ok(source && program && section);
  writeFileSync(source, 'int main() { return 0; }');
  execFileSync('g++', [source, '-o', program]);
  const crates = {
    packages: [
      { name: 'serde', version: '1.0.1', source: 'crates.io' },
      { name: 'cc', version: '1', kind: 'build' },
    ],
  };
  const add = (bytes: Buffer): Buffer => {
    writeFileSync(section, bytes);
    execFileSync('objcopy', ['--add-section', `.dep-v0=${section}`, program, `${program}.with`]);
    return readFileSync(`${program}.with`);
  };
  assert.deepEqual(read('executable', readFileSync(program)), []);
  assert.deepEqual(read('executable', add(deflateSync(JSON.stringify(crates)))), ['serde 1.0.1']);
  assert.throws(() => read('executable', add(deflateSync(Buffer.alloc(20 << 20)))));
  assert.throws(() => read('executable', add(deflateRawSync('x'))));
});

test('does no harm when programs are damaged', () => {
  const [path] = GO_PROGRAMS;
  if (path === undefined) return;
  const whole = readFileSync(join(projectRoot, path));
  for (const length of [0, 4, 63, 64, 200, 10_000, whole.length - 1000])
    READERS.executable(whole.subarray(0, length), 'x');
  const headers = Buffer.from(whole.subarray(0, 1 << 20));
  for (let at = 4; at < 64; at++) {
    const changed = Buffer.from(headers);
    changed[at] = 0xff;
    READERS.executable(changed, 'x');
  }
});
