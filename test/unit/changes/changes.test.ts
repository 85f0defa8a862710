import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { image, layer } from '../../support/image.ts';
import { setUpPulling } from '../../support/pulling.ts';
import { directory, file, hardlink, symlink, whiteout } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { compareTrees, readTree, type Tree } from '../../support/tree.ts';
import { must, scratch, unmountBelow } from '../overlay/rig.ts';
import { changeLines, commitAndPull, mount, shell, unmount } from './changing.ts';

const skip = firstOf(requireRoot(), requireTool('umoci', 'skopeo', 'setfattr', 'getfattr', 'setcap', 'mount', 'tar'));

/** A capability of version 2, cap_net_raw=ep. */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const { registry, pulling } = await setUpPulling();
registry.store.put(
  'app',
  image({
    layers: [
      layer([
        directory('./', { mode: 0o755 }),
        directory('bin/'),
        file('bin/ping', 'ping', { mode: 0o755, xattrs: { 'security.capability': NET_RAW } }),
        file('bin/su', 'su', { mode: 0o4755 }),
        directory('etc/'),
        file('etc/gone', 'gone'),
        file('etc/motd', 'hello\n'),
        file('etc/passwd', 'root:x:0:0\n'),
        directory('home/'),
        directory('home/u/', { uid: 1234, gid: 1234, mode: 0o750 }),
        file('home/u/.profile', 'x=1', { uid: 1234, gid: 1234, mode: 0o600 }),
        directory('opt/'),
        directory('opt/tool/'),
        file('opt/tool/a', 'a'),
        file('opt/tool/b', 'b'),
        file('opt/one', 'linked'),
        hardlink('opt/two', 'opt/one'),
        directory('tmp/', { mode: 0o1777 }),
        symlink('link', 'etc'),
        file('plain', 'plain'),
      ]),
      layer([directory('etc/'), file('etc/second', 'second'), whiteout('etc/gone')]),
    ],
    config: { Cmd: ['/bin/su'], Env: ['PATH=/bin', 'A=1'], Healthcheck: { Test: ['NONE'] } },
  }),
  'v1',
);

async function pulled(t: TestContext, name: string): Promise<string> {
  const { folder } = await pulling.pull(`${registry.host}/app:v1`, name);
  t.after(() => unmountBelow(folder));
  return folder;
}

/** Everything in the mount at once. */
const EVERYTHING = String.raw`
  echo changed >etc/motd; rm etc/passwd; echo new >etc/new; touch -a etc/second; chmod 755 bin
  touch -d @1700000000.5 etc/new
  chmod 4711 bin/su; chown 33:34 home/u; chmod 755 home/u
  rm -r opt/tool; mkdir opt/tool; echo c >opt/tool/c
  rm plain; mkdir plain; echo in >plain/in
  rm link; echo file >link
  mkdir -m 2775 var; mkfifo -m 640 var/pipe; mknod var/null c 1 3; ln -s /nowhere var/dead
  echo shared >var/h1; ln var/h1 var/h2; ln opt/one opt/three
  setfattr -n user.note -v hi var/h1; cp etc/new bin/cap; setcap cap_net_raw=ep bin/cap
  echo tmp >tmp/mine; chmod 600 tmp/mine; chown 1234:5 tmp/mine
  mv home/u home/v; truncate -s 100000 var/sparse
  printf x >"$(printf 'var/new\nline')"; printf x >"$(printf 'var/raw\377')"; rm bin/ping; rm -r home/v/.profile
`;

describe('changes of a mounted image, as root', { skip }, () => {
  test('the list names what was added, changed and deleted, and nothing that was only copied up', async t => {
    const folder = await pulled(t, 'list');
    shell(await mount(folder), EVERYTHING);
    await unmount(folder);
    assert.deepEqual(await changeLines(folder), [
      'A bin/cap file 4',
      'D bin/ping file 4',
      'M bin/su file 2',
      'M etc/motd file 8',
      'A etc/new file 4',
      'D etc/passwd file 11',
      'D home/u directory',
      'A home/v directory',
      'M link file 5',
      'A opt/three file 6',
      'M opt/tool directory',
      'D opt/tool/a file 1',
      'D opt/tool/b file 1',
      'A opt/tool/c file 2',
      'M plain directory',
      'A plain/in file 3',
      'A tmp/mine file 4',
      'A var directory',
      'A var/dead symlink',
      'A var/h1 file 7',
      'A var/h2 file 7',
      'A var/new\nline file 1',
      'A var/null char',
      'A var/pipe fifo',
      'A var/raw\udcff file 1',
      'A var/sparse file 100000',
    ]);
  });

  test('the committed image shows the same tree as the mount; umoci reads the same, and repacks the same from the same steps', async t => {
    const folder = await pulled(t, 'all');
    const merged = await mount(folder);
    shell(merged, EVERYTHING);
    const shown = readTree(merged);
    await unmount(folder);
    const { folder: next, committed } = await commitAndPull(pulling, folder, 'next');
    assert.ok(committed.layer);
    t.after(() => unmountBelow(next));
    const again = readTree(await mount(next, true));
    await unmount(next);
    assert.deepEqual(compareTrees(again, seconds(shown), isRootTime), []);

    const outer = scratch(t);
    const truth = unpackedByUmoci(next, 'changed', join(outer, 'truth'));
    assert.deepEqual(compareTrees(truth, again, isRootTime), []);
    assert.deepEqual(truth.get('bin/cap')?.xattrs, { 'security.capability': `0x${NET_RAW.toString('hex')}` });
    assert.deepEqual(truth.get('var/h1')?.xattrs, { 'user.note': '0x6869' });

    // The same steps in umoci's own root file system, repacked by it.
    const reference = join(outer, 'reference');
    must('skopeo', 'copy', '-q', `oci:${folder}:v1`, `oci:${reference}:v1`);
    must('umoci', 'unpack', '--image', `${reference}:v1`, join(outer, 'bundle'));
    shell(join(outer, 'bundle/rootfs'), EVERYTHING);
    must('umoci', 'repack', '--image', `${reference}:changed`, join(outer, 'bundle'));
    const repacked = unpackedByUmoci(reference, 'changed', join(outer, 'repacked'));
    assert.deepEqual(
      compareTrees(
        truth,
        repacked,
        // An overlay copies up one name of a file, and leaves the others in the image.
        (path, fact) => fact === 'mtime' || (path === 'opt/two' && fact === 'sameAs'),
      ),
      [],
    );
  });
});

/** A mount shows the time of its own upper directory at its root. */
function isRootTime(path: string, fact: string): boolean {
  return path === '.' && fact === 'mtime';
}

/** What an image keeps of times. */
function seconds(tree: Tree): Tree {
  return new Map([...tree].map(([path, facts]) => [path, { ...facts, mtime: Math.floor(facts.mtime) }]));
}

function unpackedByUmoci(layout: string, tag: string, bundle: string): Tree {
  must('umoci', 'unpack', '--image', `${layout}:${tag}`, bundle);
  return readTree(join(bundle, 'rootfs'));
}
