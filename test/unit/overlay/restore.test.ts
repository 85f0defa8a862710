import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { mountFailure } from '../../../src/overlay/failures.ts';
import { planUnmount } from '../../../src/overlay/mountPlan.ts';
import type { Plan } from '../../../src/overlay/plan.ts';
import { prepareMount } from '../../../src/overlay/prepareMount.ts';
import { planRemove } from '../../../src/overlay/removePlan.ts';
import { prepareRestore, restoredLayers } from '../../../src/overlay/restore.ts';
import { InvalidSidecarError } from '../../../src/layers/unpack/sidecar.ts';
import { isRestorableXattr, selectRestorable } from '../../../src/overlay/restorable.ts';
import { tar } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import {
  give,
  makeImage,
  makeUser,
  must,
  runInTerminal,
  runPlan,
  scratch,
  type Outcome,
  type TestUser,
} from './rig.ts';

const skip = firstOf(
  requireRoot(),
  requireTool('sudo', 'script', 'setpriv', 'setcap', 'getcap', 'setfattr', 'getfattr', 'tar'),
);
const OPTIONS = { nosuidNodev: true, restoreOwnership: true, userxattr: true };
/** cap_net_raw=ep, as the kernel stores it (struct vfs_cap_data, version 2). */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');

type Entry = Record<string, unknown> & { path: string };

function sidecar(folder: string, layer: number, entries: readonly Entry[]): void {
  const file = join(folder, 'layers', `${layer}.json`);
  const whole = entries.map(entry => ({ uid: 0, gid: 0, mode: 0o644, ...entry }));
  writeFileSync(file, JSON.stringify({ version: 1, entries: whole }));
}

/**
 * Runs the mount as the user would: prepared by the user, with sudo in a terminal. Preparing runs
 * in a process of that user.
 */
async function mountAs(
  user: TestUser,
  folder: string,
  layers: number,
  options = OPTIONS,
): Promise<Outcome & { lines: string }> {
  const plan = prepareAs(user, folder, layers, options);
  const { code, output } = await runInTerminal(plan, user, [
    { prompt: /\[sudo\][^\n]*: ?/, text: `${user.password}\n` },
  ]);
  return { code, output, lines: plan.lines.join('\n') };
}

function prepareAs(user: TestUser, folder: string, layers: number, options = OPTIONS): Plan {
  const request = JSON.stringify({ folder, layers, options, root: false });
  const code = `m.prepareMount(${request}).then(p => console.log(JSON.stringify(p.plan)), e => { console.error(e.message); process.exit(1); });`;
  return JSON.parse(asUser(user, 'overlay/prepareMount.ts', code)) as Plan;
}

/**
 * Runs a module's code as a user. Modules are loaded before the rights are given away: the project
 * may lie where only its owner may read.
 */
function asUser(user: TestUser, module: string, code: string, input?: Buffer): string {
  const url = new URL(`../../../src/${module}`, import.meta.url).href;
  const become = `process.setgroups([]); process.setgid(${user.gid}); process.setuid(${user.uid});`;
  const program = `const m = await import(${JSON.stringify(url)}); ${become} process.umask(0o022); ${code}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function layerFiles(folder: string, layer: number): { folder: string; sidecar: string } {
  const path = join(folder, 'layers', String(layer));
  return { folder: path, sidecar: `${path}.json` };
}

function unpackAs(user: TestUser, folder: string, layer: number, bytes: Buffer): void {
  const limits = { maxBytes: 1e9, maxEntries: 1e6 };
  const options = JSON.stringify({ ...layerFiles(folder, layer), limits });
  const code = `const { readFileSync } = await import('node:fs'); const u = new m.LayerUnpacker(${options}); u.write(readFileSync(0)); u.end();`;
  asUser(user, 'layers/unpack/unpack.ts', code, bytes);
}

function finishAs(user: TestUser, folder: string, layers: number): void {
  const all = Array.from({ length: layers }, (_, index) => layerFiles(folder, index + 1));
  asUser(user, 'layers/unpack/fixAcrossLayers.ts', `m.fixAcrossLayers(${JSON.stringify(all)});`);
}

interface Look {
  readonly owner: string;
  readonly mode: string;
}

function look(path: string): Look {
  const stat = lstatSync(path);
  return { owner: `${stat.uid}:${stat.gid}`, mode: (stat.mode & 0o7777).toString(8) };
}

describe('restoring owners, by a normal user with sudo', { skip }, () => {
  test('owners, modes, setuid, capabilities, devices, links, odd names; the layers give no power; once is enough', async t => {
    const user = makeUser(t);
    const outer = scratch(t);
    const odd = Buffer.concat([Buffer.from('na\u00efve '), Buffer.from([0xff, 0xfe]), Buffer.from(" '$(x)")]);
    const long = 'l'.repeat(200);
    const folder = makeImage(
      join(outer, "it's an image"),
      base => {
        for (const name of ['bin', 'dev', 'etc', 'home', 'root', `deep/${long}/${long}`])
          mkdirSync(join(base, name), { recursive: true });
        writeFileSync(join(base, 'bin/ping'), 'ping');
        writeFileSync(join(base, 'bin/sudo'), 'sudo');
        linkSync(join(base, 'bin/sudo'), join(base, 'bin/sudoedit'));
        writeFileSync(join(base, 'etc/passwd'), 'passwd');
        writeFileSync(join(base, 'etc/shadow'), 'shadow', { mode: 0o640 });
        writeFileSync(join(base, 'home/mine'), 'mine');
        symlinkSync('/etc/shadow', join(base, 'home/link'));
        writeFileSync(join(base, `deep/${long}/${long}/file`), 'deep');
        writeFileSync(Buffer.concat([Buffer.from(`${base}/etc/`), odd]), 'odd');
        const sparse = openSync(join(base, 'home/sparse'), 'w');
        writeSync(sparse, 'begin', 0);
        writeSync(sparse, 'middle', 300 * 1024 * 1024);
        ftruncateSync(sparse, 1024 * 1024 * 1024);
        closeSync(sparse);
        utimesSync(join(base, 'etc/shadow'), 1, 1_600_000_000.25);
      },
      top => {
        mkdirSync(join(top, 'etc'));
        writeFileSync(join(top, 'etc/shadow'), 'new shadow', { mode: 0o640 });
        must('mknod', join(top, 'etc/passwd'), 'c', '0', '0');
      },
    );
    sidecar(folder, 1, [
      { path: '', mode: 0o755, uid: 3, gid: 4 },
      { path: 'bin', mode: 0o755 },
      { path: 'bin/ping', mode: 0o755, xattrs: { 'security.capability': NET_RAW.toString('base64') } },
      { path: 'bin/sudo', mode: 0o4755 },
      { path: 'bin/sudoedit', mode: 0o4755 },
      { path: 'dev', mode: 0o755 },
      { path: 'dev/null', mode: 0o666, type: 'char', devMajor: 1, devMinor: 3, mtime: 1_000_000_000.5 },
      { path: 'dev/sda', mode: 0o660, gid: 6, type: 'block', devMajor: 8, devMinor: 0, mtime: 1e300 },
      { path: 'dev/initctl', mode: 0o600, type: 'fifo' },
      { path: 'etc', mode: 0o755 },
      { path: 'etc/passwd' },
      { path: 'etc/shadow', gid: 42, mode: 0o640 },
      {
        path: 'etc/odd',
        pathBytes: Buffer.concat([Buffer.from('etc/'), odd]).toString('base64'),
        uid: 7,
        gid: 8,
        mode: 0o600,
      },
      { path: 'home', uid: 4_000_000_000, gid: 3_000_000, mode: 0o2750 },
      { path: 'home/link', uid: 5, gid: 5, mode: 0o777, type: 'symlink' },
      { path: 'home/sparse', uid: 5, gid: 5, mode: 0o600 },
      { path: 'root', mode: 0 },
      {
        path: `deep/${long}/${long}/file`,
        uid: 9,
        gid: 9,
        mode: 0o644,
        xattrs: { 'user.note': Buffer.from('hi').toString('base64') },
      },
    ]);
    sidecar(folder, 2, [
      { path: 'etc', mode: 0o755 },
      { path: 'etc/shadow', gid: 43, mode: 0o640 },
    ]);
    give(outer, user);
    const merged = (name: string): string => join(folder, 'merged', name);

    const { code, output, lines } = await mountAs(user, folder, 2);
    assert.equal(code, 0, output);
    for (const line of lines.split('\n')) assert.ok(output.includes(`+ ${line}\n`), `${line}\n${output}`);
    assert.match(lines, /lowerdir=owned\/2:2:owned\/1:1,/);

    assert.deepEqual(look(merged('.')), { owner: '3:4', mode: '755' });
    assert.deepEqual(look(merged('bin')), { owner: '0:0', mode: '755' });
    assert.deepEqual(look(merged('bin/ping')), { owner: '0:0', mode: '755' });
    assert.match(must('getcap', merged('bin/ping')), /cap_net_raw[=+]ep/);
    assert.deepEqual(look(merged('bin/sudo')), { owner: '0:0', mode: '4755' });
    assert.equal(lstatSync(merged('bin/sudo')).ino, lstatSync(merged('bin/sudoedit')).ino);
    assert.equal(lstatSync(merged('bin/sudo')).nlink, 2);
    assert.deepEqual(look(merged('dev/null')), { owner: '0:0', mode: '666' });
    assert.equal(lstatSync(merged('dev/null')).rdev, 0x103);
    assert.equal(lstatSync(merged('dev/null')).mtimeMs, 1_000_000_000_500);
    assert.ok(lstatSync(merged('dev/sda')).isBlockDevice());
    assert.equal(lstatSync(merged('dev/sda')).rdev, 0x800);
    assert.deepEqual(look(merged('dev/sda')), { owner: '0:6', mode: '660' });
    assert.ok(lstatSync(merged('dev/initctl')).isFIFO());
    assert.ok(!existsSync(merged('etc/passwd')), 'the top layer deletes it');
    assert.deepEqual(look(merged('etc/shadow')), { owner: '0:43', mode: '640' });
    assert.equal(readFileSync(merged('etc/shadow'), 'utf8'), 'new shadow');
    assert.deepEqual(look(merged('home')), { owner: '4000000000:3000000', mode: '2750' });
    assert.equal(look(merged('home/mine')).owner, `${user.uid}:${user.gid}`, 'not in the sidecar: right as it is');
    assert.equal(look(merged('home/link')).owner, '5:5');
    assert.deepEqual(look(merged('root')), { owner: '0:0', mode: '0' });
    const oddStat = lstatSync(Buffer.concat([Buffer.from(`${merged('etc')}/`), odd]));
    assert.deepEqual([oddStat.uid, oddStat.gid, oddStat.mode & 0o7777], [7, 8, 0o600]);
    const deep = merged(`deep/${long}/${long}/file`);
    assert.equal(look(deep).owner, '9:9');
    assert.match(must('getfattr', '--only-values', '-n', 'user.note', deep), /^hi$/);
    const sparse = lstatSync(merged('home/sparse'));
    assert.equal(sparse.size, 1024 * 1024 * 1024);
    assert.ok(sparse.blocks * 512 < 1024 * 1024, 'still sparse');
    assert.equal(
      must(
        'sh',
        '-c',
        `dd if="$1" bs=6 count=1 iflag=skip_bytes skip=${300 * 1024 * 1024} 2>/dev/null`,
        'sh',
        merged('home/sparse'),
      ),
      'middle',
    );

    // Under the mount nothing lends rights: no setuid, no capability, no device where a user of
    // this machine could reach it.
    const layer = (name: string): string => join(folder, 'layers/1', name);
    assert.deepEqual(look(layer('bin/sudo')).mode, '644');
    assert.equal(must('getcap', layer('bin/ping')), '');
    assert.ok(!existsSync(layer('dev/sda')));
    assert.deepEqual(look(join(folder, 'layers/owned')), { owner: '0:0', mode: '700' });
    assert.notEqual(spawnSync('ls', [join(folder, 'layers/owned')], { uid: user.uid, gid: user.gid }).status, 0);
    assert.deepEqual(readdirSync(join(folder, 'layers')).sort(), [
      '1',
      '1.json',
      '2',
      '2.json',
      'owned',
      'restored.json',
    ]);

    assert.equal((await runPlan(planUnmount({ folder }))).code, 0);
    for (const restoreOwnership of [true, false]) {
      const again = await mountAs(user, folder, 2, { ...OPTIONS, restoreOwnership });
      assert.equal(again.code, 0, again.output);
      assert.doesNotMatch(again.lines, /chown|tar /);
      assert.deepEqual(look(merged('etc/shadow')), { owner: '0:43', mode: '640' });
      assert.equal((await runPlan(planUnmount({ folder }))).code, 0);
    }
    const removed = await runInTerminal(planRemove({ folder, root: false }), user, [
      { prompt: /\[sudo\][^\n]*: ?/, text: `${user.password}\n` },
    ]);
    assert.equal(removed.code, 0, removed.output);
    assert.deepEqual(readdirSync(outer), []);
  });

  test('a mount shows what the archives say, after a normal user unpacked them', async t => {
    const user = makeUser(t);
    const folder = makeImage(join(scratch(t), 'image'));
    must('chown', '-R', `${user.uid}:${user.gid}`, folder);
    const common = { uid: 0, gid: 0, mode: 0o644, body: 'x' };
    const base = tar(
      { path: './', type: 'directory', mode: 0o755, uid: 0, gid: 0 },
      { path: 'dev/', type: 'directory', mode: 0o755, uid: 0, gid: 0 },
      { path: 'dev/null', type: 'char', mode: 0o666, uid: 0, gid: 0, major: 1, minor: 3 },
      { path: 'dev/pipe', type: 'fifo', mode: 0o600, uid: 0, gid: 0 },
      { path: 'bin/', type: 'directory', mode: 0o555, uid: 0, gid: 0 },
      { ...common, path: 'bin/ping', mode: 0o755, xattrs: { 'security.capability': NET_RAW } },
      { ...common, path: 'bin/su', mode: 0o4755 },
      { ...common, path: 'etc/shadow', mode: 0, gid: 42 },
      { ...common, path: 'etc/link', type: 'hardlink', linkpath: 'etc/shadow', body: '' },
      { ...common, path: 'home/own', uid: user.uid, gid: user.gid },
      { ...common, path: 'home/note', xattrs: { 'user.note': 'hi' } },
      { path: 'sh', type: 'symlink', linkpath: '/bin/su', uid: 5, gid: 5, mode: 0o777 },
    );
    const top = tar(
      { ...common, path: 'etc/.wh.link', body: '' },
      { ...common, path: 'home/.wh..wh..opq', body: '' },
      { ...common, path: 'home/new', uid: 7, gid: 7, mode: 0o600 },
      { path: 'locked/', type: 'directory', mode: 0, uid: 8, gid: 8 },
      { ...common, path: 'locked/file', mode: 0o2711 },
    );
    [base, top].forEach((bytes, index) => unpackAs(user, folder, index + 1, bytes));
    finishAs(user, folder, 2);
    const { code, output } = await mountAs(user, folder, 2);
    assert.equal(code, 0, output);
    const seen = must(
      'sh',
      '-c',
      'cd "$1" && find . -mindepth 1 -printf "%p %y %U:%G %m %n\\n" | LC_ALL=C sort',
      'sh',
      join(folder, 'merged'),
    );
    const expected = [
      './bin d 0:0 555',
      './bin/ping f 0:0 755',
      './bin/su f 0:0 4755',
      './dev d 0:0 755',
      './dev/null c 0:0 666',
      './dev/pipe p 0:0 600',
      './etc d 0:0 755',
      './etc/shadow f 0:42 0',
      './home d 0:0 755',
      './home/new f 7:7 600',
      './locked d 8:8 0',
      './locked/file f 0:0 2711',
      './sh l 5:5 777',
    ];
    assert.deepEqual(
      seen
        .trimEnd()
        .split('\n')
        .map(line => line.replace(/ \d+$/, '')),
      expected,
    );
    assert.match(must('getcap', join(folder, 'merged/bin/ping')), /cap_net_raw/);
    assert.equal((await runPlan(planUnmount({ folder }))).code, 0);
    // What the top layer hides is looked at in the base alone.
    const note = join(folder, 'layers/1/home/note');
    const twin = join(folder, 'layers/owned/1/home/note');
    assert.match(must('getfattr', '--only-values', '-n', 'user.note', existsSync(twin) ? twin : note), /^hi$/);
  });

  test('broken off at any line, it can be done again and ends the same', async t => {
    const user = makeUser(t);
    for (let stop = 0; ; stop++) {
      const outer = scratch(t);
      const folder = makeImage(join(outer, 'image'), layer => {
        mkdirSync(join(layer, 'etc'));
        writeFileSync(join(layer, 'etc/shadow'), 'shadow', { mode: 0o600 });
        writeFileSync(join(layer, 'etc/plain'), 'plain', { mode: 0o600 });
      });
      sidecar(folder, 1, [
        { path: 'etc', mode: 0o700 },
        { path: 'etc/shadow', gid: 42, mode: 0o600 },
        { path: 'etc/plain', mode: 0o600 },
      ]);
      give(outer, user);
      const plan = prepareAs(user, folder, 1);
      const restoring = plan.lines.slice(2, -1);
      if (stop === restoring.length) break;
      mkdirSync(join(folder, 'overlay/upper'), { recursive: true });
      for (const line of restoring.slice(0, stop)) {
        must('sh', '-c', `cd "$1/layers"; ${line.replace(/^sudo /, '')}`, 'sh', folder);
      }
      give(join(folder, 'overlay'), user);
      const { code, output } = await mountAs(user, folder, 1);
      assert.equal(code, 0, `after line ${stop}\n${output}`);
      assert.deepEqual(look(join(folder, 'merged/etc/shadow')), { owner: '0:42', mode: '600' });
      assert.deepEqual(look(join(folder, 'merged/etc/plain')), { owner: '0:0', mode: '600' });
      assert.equal(readFileSync(join(folder, 'merged/etc/shadow'), 'utf8'), 'shadow');
      assert.deepEqual(await restoredLayers(folder, 1), [1]);
    }
  });
});

describe('hostile content, with a victim beside', { skip }, () => {
  interface Scene {
    readonly user: TestUser;
    readonly folder: string;
    readonly victim: string;
    readonly print: () => string;
  }

  /**
   * An image with links of every kind to a victim, which belongs to the same user, so that nothing
   * but Peel's care guards it.
   */
  const scene = (t: Parameters<typeof scratch>[0], fill: (layer: string, victim: string) => void): Scene => {
    const user = makeUser(t);
    const outer = scratch(t);
    const victim = join(outer, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'hello'), 'hello', { mode: 0o600 });
    const folder = makeImage(join(outer, 'image'), layer => fill(layer, victim));
    give(outer, user);
    const print = (): string =>
      createHash('sha256')
        .update(
          must(
            'sh',
            '-c',
            'stat -c "%n %u %g %a %Y %i %h" "$1" "$1"/*; cat "$1"/*; getfattr -d -m - "$1"/*',
            'sh',
            victim,
          ),
        )
        .digest('hex');
    return { user, folder, victim, print };
  };

  const wish = { uid: 65_534, gid: 65_534, mode: 0o4777, xattrs: { 'user.pwned': 'eA==' } };

  test('paths of a sidecar that lead out, through links too, touch nothing', async t => {
    const { user, folder, print } = scene(t, (layer, at) => {
      symlinkSync(at, join(layer, 'dir'));
      symlinkSync(join(at, 'hello'), join(layer, 'file'));
      symlinkSync('..', join(layer, 'up'));
      mkdirSync(join(layer, 'real'));
      writeFileSync(join(layer, 'real/file'), 'x');
    });
    sidecar(
      folder,
      1,
      ['dir', 'dir/hello', 'dir/new', 'file', 'up/up/victim/hello', 'real/./file', 'real/file/below'].map(path => ({
        path,
        ...wish,
        ...(path.endsWith('new') ? { type: 'char', devMajor: 1, devMinor: 3 } : {}),
      })),
    );
    const before = print();
    const { code, output } = await mountAs(user, folder, 1);
    assert.equal(code, 0, output);
    assert.equal(print(), before);
    assert.deepEqual(look(join(folder, 'merged/real/file')), { owner: '65534:65534', mode: '4777' });
    assert.equal(look(join(folder, 'merged/dir')).owner, '65534:65534');
    assert.ok(lstatSync(join(folder, 'merged/dir')).isSymbolicLink());
  });

  test('a hard link to a file outside is refused before root does anything', async t => {
    const { user, folder, victim, print } = scene(t, (layer, at) => {
      linkSync(join(at, 'hello'), join(layer, 'hello'));
    });
    sidecar(folder, 1, [{ path: 'hello', ...wish }]);
    const before = print();
    assert.throws(() => prepareAs(user, folder, 1), /hard link outside/);
    assert.equal(print(), before);
    assert.equal(statSync(join(victim, 'hello')).uid, user.uid);
    assert.deepEqual(readdirSync(join(folder, 'layers')).sort(), ['1', '1.json']);
  });

  test("files that are not the user's are left as they are", async t => {
    const { user, folder } = scene(t, layer => {
      mkdirSync(join(layer, 'dir'));
      writeFileSync(join(layer, 'dir/foreign'), '');
      writeFileSync(join(layer, 'dir/mine'), '');
    });
    must('chown', '12345:12345', join(folder, 'layers/1/dir/foreign'));
    sidecar(folder, 1, [{ path: 'dir/mine', uid: 0, gid: 0, mode: 0o644 }]);
    const { code, output } = await mountAs(user, folder, 1);
    assert.equal(code, 0, output);
    assert.equal(look(join(folder, 'layers/1/dir/foreign')).owner, '12345:12345');
    assert.equal(look(join(folder, 'layers/1/dir/mine')).owner, '0:0');
  });

  test('links in the place of what is written are replaced, never followed', async t => {
    const { user, folder, victim, print } = scene(t, layer => writeFileSync(join(layer, 'su'), 'su'));
    sidecar(folder, 1, [{ path: 'su', mode: 0o4755 }]);
    for (const name of ['1.owned.tar', 'restored.new.json', 'restored.json']) {
      symlinkSync(join(victim, 'hello'), join(folder, 'layers', name));
    }
    give(join(folder, 'layers'), user);
    const before = print();
    const { code, output } = await mountAs(user, folder, 1);
    assert.equal(code, 0, output);
    assert.equal(print(), before);
    assert.equal(look(join(folder, 'merged/su')).mode, '4755');
  });

  for (const name of ['owned', 'owned.new']) {
    test(`a link as layers/${name} is refused`, async t => {
      const { user, folder, victim, print } = scene(t, layer => writeFileSync(join(layer, 'su'), 'su'));
      sidecar(folder, 1, [{ path: 'su', mode: 0o4755 }]);
      symlinkSync(victim, join(folder, 'layers', name));
      const before = print();
      const { code, output } = await mountAs(user, folder, 1);
      assert.equal(code, mountFailure('not-real').code, output);
      assert.equal(print(), before);
    });
  }

  test('a note and a twin that came with the workspace are not believed', async t => {
    const { user, folder } = scene(t, layer => writeFileSync(join(layer, 'su'), 'su'));
    sidecar(folder, 1, [{ path: 'su', mode: 0o4755 }]);
    const note = JSON.stringify({ version: 1, layers: 1, owned: [1] });
    for (const name of ['restored.json', 'restored.new.json']) writeFileSync(join(folder, 'layers', name), note);
    mkdirSync(join(folder, 'layers/owned/1'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'layers/owned/1/su'), 'evil', { mode: 0o755 });
    writeFileSync(join(folder, 'layers/1.owned.tar'), 'evil');
    give(join(folder, 'layers'), user);
    const { code, output } = await mountAs(user, folder, 1);
    assert.equal(code, 0, output);
    assert.equal(readFileSync(join(folder, 'merged/su'), 'utf8'), 'su');
    assert.deepEqual(look(join(folder, 'merged/su')), { owner: '0:0', mode: '4755' });
  });

  test('marks of the overlay and labels are not taken from a sidecar', async t => {
    const { user, folder } = scene(t, layer => {
      mkdirSync(join(layer, 'dir'));
      writeFileSync(join(layer, 'dir/file'), 'x');
    });
    const xattrs = Object.fromEntries(
      [
        'trusted.overlay.opaque',
        'user.overlay.opaque',
        'trusted.overlay.redirect',
        'security.selinux',
        'user.good',
      ].map(name => [name, 'eQ==']),
    );
    sidecar(folder, 1, [{ path: 'dir', uid: 1, gid: 1, mode: 0o755, xattrs }]);
    const { code, output } = await mountAs(user, folder, 1);
    assert.equal(code, 0, output);
    assert.deepEqual(readdirSync(join(folder, 'merged/dir')), ['file']);
    const names = must('getfattr', '-m', '-', '--absolute-names', join(folder, 'layers/owned/1/dir'));
    assert.match(names, /user\.good/);
    assert.doesNotMatch(names, /^(trusted|user)\.overlay|selinux/m);
  });

  test('something mounted in a layer stops it', async t => {
    const { user, folder, victim, print } = scene(t, layer => mkdirSync(join(layer, 'dir')));
    sidecar(folder, 1, [{ path: 'dir', mode: 0o755 }]);
    const plan = prepareAs(user, folder, 1);
    must('mount', '--bind', victim, join(folder, 'layers/1/dir'));
    const before = print();
    const { code, output } = await runInTerminal(plan, user, [
      { prompt: /\[sudo\][^\n]*: ?/, text: `${user.password}\n` },
    ]);
    assert.equal(code, mountFailure('restore-failed').code, output);
    assert.equal(print(), before);
  });

  test('a folder of another user is not given away', async t => {
    const { folder } = scene(t, layer => writeFileSync(join(layer, 'a'), ''));
    const other = makeUser(t);
    chmodSync(join(folder, 'layers'), 0o777);
    assert.throws(() => prepareAs(other, folder, 1), /another user/);
  });
});

describe('restoring, as root', { skip }, () => {
  test('needs no twin where the disk is right already', async t => {
    const folder = makeImage(join(scratch(t), 'image'), layer => {
      writeFileSync(join(layer, 'su'), 'su');
      chmodSync(join(layer, 'su'), 0o4755);
      writeFileSync(join(layer, 'other'), '');
      must('chown', '5:6', join(layer, 'other'));
    });
    sidecar(folder, 1, [{ path: 'su', mode: 0o4755 }]);
    const { owned, lines, skipped } = await prepareRestore({ folder, layers: 1, root: true });
    assert.deepEqual(owned, []);
    assert.deepEqual(skipped, []);
    assert.doesNotMatch(lines.join('\n'), /sudo|chown -hR/);
    const { plan } = await prepareMount({ folder, layers: 1, options: OPTIONS, root: true });
    const { code, output } = await runPlan(plan);
    assert.equal(code, 0, output);
    assert.deepEqual(look(join(folder, 'merged/other')), { owner: '5:6', mode: '644' });
    assert.deepEqual(look(join(folder, 'merged/su')), { owner: '0:0', mode: '4755' });
  });

  test('a file where a whiteout keeps the place of a device; a whiteout that could not be made', async t => {
    const folder = makeImage(
      join(scratch(t), 'image'),
      base => {
        mkdirSync(join(base, 'dev'));
        writeFileSync(join(base, 'dev/null'), 'a file');
        writeFileSync(join(base, 'gone'), '');
      },
      top => {
        mkdirSync(join(top, 'dev'));
        must('mknod', join(top, 'dev/null'), 'c', '0', '0');
      },
    );
    sidecar(folder, 2, [
      { path: 'dev/null', mode: 0o666, type: 'char', devMajor: 1, devMinor: 3 },
      { path: 'gone', mode: 0, type: 'char', devMajor: 0, devMinor: 0 },
    ]);
    const { plan } = await prepareMount({ folder, layers: 2, options: OPTIONS, root: true });
    assert.equal((await runPlan(plan)).code, 0);
    assert.equal(lstatSync(join(folder, 'merged/dev/null')).rdev, 0x103);
    assert.deepEqual(readdirSync(join(folder, 'merged')), ['dev']);
  });

  test('an opaque directory stays opaque under its twin', async t => {
    const folder = makeImage(
      join(scratch(t), 'image'),
      base => {
        mkdirSync(join(base, 'opt'));
        writeFileSync(join(base, 'opt/old'), '');
      },
      top => {
        mkdirSync(join(top, 'opt'));
        must('setfattr', '-n', 'user.overlay.opaque', '-v', 'y', join(top, 'opt'));
        writeFileSync(join(top, 'opt/new'), '');
        writeFileSync(join(top, 'opt/other'), '');
      },
    );
    sidecar(folder, 1, [{ path: 'opt/old', uid: 5 }]);
    sidecar(folder, 2, [{ path: 'opt/new', uid: 5 }]);
    const { plan } = await prepareMount({ folder, layers: 2, options: OPTIONS, root: true });
    const { code, output } = await runPlan(plan);
    assert.equal(code, 0, output);
    assert.deepEqual(readdirSync(join(folder, 'merged/opt')).sort(), ['new', 'other']);
    assert.equal(look(join(folder, 'merged/opt/new')).owner, '5:0');
  });

  test('access lists', { skip: requireTool('setfacl', 'getfacl') }, async t => {
    const outer = scratch(t);
    const model = join(outer, 'model');
    writeFileSync(model, '');
    must('setfacl', '-m', 'u:4242:r', model);
    const name = 'system.posix_acl_access';
    const shown = must('getfattr', '--absolute-names', '-e', 'base64', '-n', name, model);
    const value = /0s(\S+)/.exec(shown)?.[1] ?? '';
    const folder = makeImage(join(outer, 'image'), layer => writeFileSync(join(layer, 'a'), ''));
    sidecar(folder, 1, [{ path: 'a', mode: 0o644, xattrs: { [name]: value } }]);
    const { plan } = await prepareMount({ folder, layers: 1, options: OPTIONS, root: true });
    const { code, output } = await runPlan(plan);
    assert.equal(code, 0, output);
    assert.match(must('getfacl', '-cpn', join(folder, 'merged/a')), /user:4242:r--/);
  });

  test('other tools than GNU tar and chown are refused', async t => {
    const outer = scratch(t);
    const folder = makeImage(join(outer, 'image'), layer => writeFileSync(join(layer, 'a'), ''));
    sidecar(folder, 1, [{ path: 'a', uid: 4 }]);
    mkdirSync(join(outer, 'bin'));
    symlinkSync('/bin/busybox', join(outer, 'bin/tar'));
    const { plan } = await prepareMount({ folder, layers: 1, options: OPTIONS, root: true });
    const env = { PATH: `${outer}/bin:${process.env['PATH'] ?? ''}` };
    const { code, output } = await runPlan(plan, { env });
    assert.equal(code, mountFailure('restore-tools').code, output);
  });
});

describe('sidecars', () => {
  test('refuses a file that is not a sidecar, and restores nothing without one', async t => {
    const folder = scratch(t);
    mkdirSync(join(folder, 'layers/1'), { recursive: true });
    writeFileSync(join(folder, 'layers/1.json'), 'not JSON');
    await assert.rejects(prepareRestore({ folder, layers: 1 }), InvalidSidecarError);
    rmSync(join(folder, 'layers/1.json'));
    assert.deepEqual((await prepareRestore({ folder, layers: 1 })).owned, []);
  });

  test('leaves out entries that no file can have, with a reason, and restores the others', () => {
    const good = { path: 'a/b', uid: 0, gid: 0, mode: 0o100644 };
    const bad = [
      { ...good, path: 'a'.repeat(256) },
      { ...good, path: 'é'.repeat(128) },
      { ...good, uid: -1 },
      { ...good, uid: 0xff_ff_ff_ff },
      { ...good, gid: 2 ** 40 },
      { ...good, mode: 0x1_0000 },
      { ...good, type: 'block' as const, devMajor: 4096, devMinor: 0 },
    ];
    const { entries, refused } = selectRestorable([...bad, good]);
    assert.equal(refused.length, bad.length);
    assert.deepEqual(entries, [{ path: 'a/b', uid: 0, gid: 0, mode: 0o644, xattrs: new Map() }]);
  });

  test('the attributes that an image may have restored', () => {
    for (const name of ['security.capability', 'user.a', 'user.overlayfs', 'trusted.a', 'system.posix_acl_access']) {
      assert.ok(isRestorableXattr(name), name);
    }
    for (const name of [
      'security.selinux',
      'security.ima',
      'user.overlay.opaque',
      'trusted.overlay.x',
      'user.a=b',
      'user.a\n',
      'system.nfs4_acl',
      '',
    ]) {
      assert.ok(!isRestorableXattr(name), name);
    }
  });
});
