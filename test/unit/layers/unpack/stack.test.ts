import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { fixAcrossLayers } from '../../../../src/layers/unpack/fixAcrossLayers.ts';
import { MergedFolder } from '../../../../src/layers/unpack/merge.ts';
import { readSidecar } from '../../../../src/layers/unpack/sidecar.ts';
import {
  device,
  directory,
  type Entry,
  fifo,
  file,
  hardlink,
  opaque,
  symlink,
  tar,
  whiteout,
} from '../../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../../support/tools.ts';
import { compareTrees, readTree, type Tree } from '../../../support/tree.ts';
import { asUser, feed, LIMITS, scratch, unpack } from '../unpacking.ts';

const linux = { skip: firstOf(requireRoot(), requireTool('tar', 'getfattr', 'mount', 'unshare')) };
type Layers = readonly (readonly Entry[])[];

interface Stack {
  readonly folders: readonly string[];
  readonly warnings: readonly string[];
}

/** Each layer into its folder, and finished. */
function stack(layers: Layers, place: string): Stack {
  const folders = layers.map((entries, index) => unpack(entries, join(place, String(index + 1))).folder);
  const files = folders.map(folder => ({ folder, sidecar: `${folder}.json` }));
  const warnings = fixAcrossLayers(files);
  assert.deepEqual(fixAcrossLayers(files), [], 'a second time there is nothing to do');
  return { folders, warnings };
}

/** What an overlay mount shows, read in a mount namespace of its own. */
function mounted({ folders }: Stack, place: string): Tree {
  const empty = join(place, 'empty');
  const merged = join(place, 'mounted');
  for (const folder of [empty, merged]) mkdirSync(folder);
  const lower = [...folders.toReversed(), empty].join(':');
  const copy = join(place, 'copy.tar');
  const script =
    'mount -t overlay overlay -o "userxattr,lowerdir=$1" "$2" && tar --xattrs --xattrs-include="*" -cf "$3" -C "$2" .';
  execFileSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', lower, merged, copy]);
  const seen = join(place, 'seen');
  mkdirSync(seen);
  execFileSync('tar', ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', copy, '-C', seen]);
  return readTree(seen);
}

function merge(layers: Layers, folder: string): { readonly tree: Tree; readonly warnings: readonly string[] } {
  const merged = new MergedFolder({ folder, sidecar: `${folder}.json`, limits: LIMITS });
  for (const entries of layers) {
    const layer = merged.layer();
    feed(layer, tar(...entries));
    layer.end();
  }
  const warnings = merged.end();
  return { tree: readTree(folder), warnings };
}

const FILE = (path: string): Entry => file(path, `content of ${path}`);
const CASES: Readonly<Record<string, readonly [layers: Layers, visible: readonly string[]]>> = {
  'a deleted file': [
    [[FILE('a'), FILE('d/b'), FILE('d/c')], [whiteout('d/b')]],
    ['a', 'd', 'd/c'],
  ],
  'a deleted directory': [[[FILE('d/b'), FILE('d/e/f'), FILE('g')], [whiteout('d')]], ['g']],
  'a deleted directory that comes again': [
    [[FILE('d/b')], [whiteout('d')], [FILE('d/c')]],
    ['d', 'd/c'],
  ],
  'a replaced directory': [
    [[FILE('d/b')], [whiteout('d'), directory('d/'), FILE('d/c')]],
    ['d', 'd/c'],
  ],
  'a replaced directory, the other way round': [
    [[FILE('d/b')], [directory('d/'), FILE('d/c'), whiteout('d')]],
    ['d', 'd/c'],
  ],
  'an opaque directory': [
    [
      [FILE('d/b'), FILE('d/s/x')],
      [FILE('d/c'), opaque('d'), FILE('d/s/y')],
    ],
    ['d', 'd/c', 'd/s', 'd/s/y'],
  ],
  'an opaque directory over two layers': [
    [[FILE('d/a')], [FILE('d/b')], [opaque('d')], [FILE('d/c')]],
    ['d', 'd/c'],
  ],
  'an opaque root': [
    [
      [FILE('a'), FILE('d/x'), FILE('d/s/y')],
      [opaque(''), FILE('b'), FILE('d/z'), FILE('d/s/z')],
    ],
    ['b', 'd', 'd/s', 'd/s/z', 'd/z'],
  ],
  'a file over a directory': [[[FILE('d/a')], [FILE('d')]], ['d']],
  'a directory over a file': [
    [[FILE('d')], [FILE('d/a')]],
    ['d', 'd/a'],
  ],
  'a directory over a symlink': [
    [
      [directory('e/'), symlink('d', 'e')],
      [directory('d/'), FILE('d/x')],
    ],
    ['d', 'd/x', 'e'],
  ],
  'a symlink over a directory': [[[FILE('d/a')], [symlink('d', '/etc')]], ['d']],
  'a file that becomes a directory within a layer': [
    [[FILE('d/a')], [FILE('d'), FILE('d/b')]],
    ['d', 'd/b'],
  ],
  'deletions of nothing': [
    [[FILE('a')], [whiteout('b'), whiteout('new/c'), FILE('new/d')]],
    ['a', 'new', 'new/d'],
  ],
  'a deletion in the base': [[[whiteout('b'), FILE('a')]], ['a']],
  'a hidden file that comes again': [[[FILE('a')], [whiteout('a')], [FILE('a')]], ['a']],
  'a hard link into a lower layer': [
    [
      [FILE('d/a'), symlink('s', 'd')],
      [hardlink('l1', 'd/a'), hardlink('e/l2', 's/a')],
    ],
    ['d', 'd/a', 'e', 'e/l2', 'l1', 's'],
  ],
  'a link to a deleted file': [[[FILE('a')], [whiteout('a')], [hardlink('l', 'a'), FILE('b')]], ['b']],
  'a FIFO over a file': [[[FILE('p')], [fifo('p')]], ['p']],
  'directories that a layer does not describe': [
    [
      [
        directory('tmp/', { mode: 0o1777, mtime: 5 }),
        directory('etc/', { mode: 0o750, uid: 1, gid: 2, mtime: 6 }),
        directory('etc/s/', { mode: 0o700, mtime: 7 }),
      ],
      [FILE('tmp/x'), whiteout('etc/gone')],
      [FILE('etc/s/y')],
    ],
    ['etc', 'etc/s', 'etc/s/y', 'tmp', 'tmp/x'],
  ],
};

suite('a stack of layers', linux, () => {
  for (const [name, [layers, visible]] of Object.entries(CASES)) {
    test(`shows the same when it is mounted and when it is merged: ${name}`, t => {
      const place = scratch(t);
      const merged = merge(layers, join(place, 'merged'));
      const tree = mounted(stack(layers, place), place);
      const names = (of: Tree) => [...of.keys()].filter(path => path !== '.').toSorted();
      assert.deepEqual(names(tree), [...visible].toSorted());
      // A copy takes the place of a hard link to a lower layer; what nobody described has the time
      // at which it was made.
      const described = new Set(
        layers.flat().flatMap(({ path, type }) => (type === 'directory' ? [String(path).slice(0, -1)] : [])),
      );
      const undated = (path: string) => tree.get(path)?.type === 'directory' && !described.has(path);
      const differences = compareTrees(
        merged.tree,
        tree,
        (path, fact) => path === '.' || fact === 'sameAs' || (fact === 'mtime' && undated(path)),
      );
      assert.deepEqual(differences, []);
      for (const path of visible) if (tree.get(path)?.type === 'file') assert.ok(tree.get(path)?.size);
    });
  }

  test('shows no device where root could not make it, and not what is below it', t => {
    const place = scratch(t);
    const layers: Layers = [[FILE('x'), FILE('y')], [device('x', 'char', 1, 3)]];
    const tree = mounted(stack(layers, place), place);
    assert.deepEqual([...tree.keys()], ['.', 'y']);
    const entry = readSidecar(join(place, '2.json')).entries.find(({ path }) => path === 'x');
    assert.deepEqual([entry?.type, entry?.devMajor, entry?.devMinor], ['char', 1, 3]);
    assert.equal(lstatSync(join(place, '2/x')).rdev, 0);
  });

  test('copies what is linked from a lower layer, once, with its attributes', t => {
    const place = scratch(t);
    const base = file('a', 'text', { mode: 0o640, uid: 5, gid: 6, mtime: 77, xattrs: { 'user.a': 'b' } });
    const { warnings } = stack([[base], [hardlink('l', 'a'), hardlink('m', 'a'), hardlink('n', 'nowhere')]], place);
    const [l, m] = ['l', 'm'].map(name => statSync(join(place, '2', name)));
    assert.equal(l?.ino, m?.ino);
    assert.deepEqual([l?.mode, l?.uid, l?.gid, l?.mtimeMs], [0o100640, 5, 6, 77_000]);
    assert.equal(readFileSync(join(place, '2/l'), 'utf8'), 'text');
    assert.match(warnings.join(), /"n" is missing: it is a hard link to "nowhere"/);
    const { entries, links } = readSidecar(join(place, '2.json'));
    assert.deepEqual(
      [entries.filter(({ xattrs }) => xattrs?.['user.a'] === 'Yg==').map(({ path }) => path), links],
      [['l', 'm'], []],
    );
  });

  test('is not led out of its folders by a sidecar that was tampered with', t => {
    const place = scratch(t);
    unpack([FILE('a'), symlink('s', place)], join(place, '1'));
    unpack([FILE('b'), symlink('s', place)], join(place, '2'));
    writeFileSync(join(place, 'victim'), 'unharmed');
    const facts = { uid: 0, gid: 0, mode: 0o777 };
    const paths = ['s/victim', 's', ''];
    const sidecar = {
      version: 1,
      entries: [],
      links: [
        { path: 's/out', target: 'a', ...facts },
        { path: 's', target: 'a', ...facts },
        { path: 'stolen', target: 's/victim', ...facts },
      ],
      whiteouts: paths,
      implicit: paths,
      unmarked: paths,
    };
    writeFileSync(join(place, '2.json'), JSON.stringify(sidecar));
    const before = statSync(join(place, 'victim'));
    fixAcrossLayers(['1', '2'].map(name => ({ folder: join(place, name), sidecar: join(place, `${name}.json`) })));
    const after = statSync(join(place, 'victim'));
    assert.deepEqual([after.mode, after.uid, after.mtimeMs, after.nlink], [before.mode, before.uid, before.mtimeMs, 1]);
    assert.equal(existsSync(join(place, 'out')), false);
    assert.equal(existsSync(join(place, '2/stolen')), false);
  });
});

suite('as a normal user', linux, () => {
  test('a layer is unpacked as far as the user may, and the sidecar says the rest', t => {
    const place = scratch(t);
    execFileSync('chmod', ['777', place]);
    const folder = join(place, '1');
    const { sidecar, warnings } = asUser(() =>
      unpack(
        [
          directory('closed/', { mode: 0o555, mtime: 50 }),
          file('closed/secret', 'x', { mode: 0o000, uid: 7 }),
          file('setuid', 'x', { mode: 0o6755 }),
          file('mine', 'x', { uid: 61234, gid: 61234, mode: 0o644 }),
          directory('none/', { mode: 0o000 }),
          file('none/x', 'x'),
          symlink('s', 'mine', { uid: 9 }),
          fifo('pipe', { mode: 0o600 }),
          device('dev', 'char', 1, 3),
          whiteout('gone'),
          opaque('closed'),
          hardlink('hard', 'closed/secret', { mode: 0o000, uid: 7 }),
        ],
        folder,
      ),
    );
    assert.deepEqual(warnings, []);
    const tree = readTree(folder);
    const modes = ['closed', 'closed/secret', 'setuid', 'mine', 'none', 'pipe'].map(path => tree.get(path)?.mode);
    assert.deepEqual(modes, ['755', '400', '755', '644', '700', '600']);
    assert.ok([...tree.values()].every(({ uid, gid }) => uid === 61234 && gid === 61234));
    assert.deepEqual(
      [tree.get('gone')?.device, tree.get('closed')?.xattrs],
      ['0:0', { 'user.overlay.opaque': '0x79' }],
    );
    assert.equal(tree.get('closed')?.mtime, 50);
    const says = new Map(sidecar.entries.map(({ path, ...rest }) => [path, rest]));
    assert.deepEqual(says.get('closed'), { uid: 0, gid: 0, mode: 0o555 });
    assert.deepEqual(says.get('closed/secret'), { uid: 7, gid: 0, mode: 0 });
    assert.deepEqual(says.get('hard'), { uid: 7, gid: 0, mode: 0 });
    assert.deepEqual(says.get('setuid'), { uid: 0, gid: 0, mode: 0o6755 });
    assert.deepEqual(says.get('s'), { uid: 9, gid: 0, mode: 0o777, type: 'symlink' });
    assert.deepEqual(says.get('pipe'), { uid: 0, gid: 0, mode: 0o600, type: 'fifo' });
    assert.equal(says.has('mine'), false);
    // The user can take it all away again.
    asUser(() => execFileSync('rm', ['-r', folder]));
  });

  test('every stack shows the same names when it is mounted', t => {
    for (const [name, [layers, visible]] of Object.entries(CASES)) {
      const place = scratch(t);
      execFileSync('chmod', ['777', place]);
      const made = asUser(() => stack(layers, place));
      const tree = mounted(made, place);
      assert.deepEqual([...tree.keys()].filter(path => path !== '.').toSorted(), [...visible].toSorted(), name);
    }
  });
});

test(
  'where attributes cannot be set, whiteouts stand in for opaque marks',
  { skip: firstOf(requireRoot(), requireTool('tar', 'unshare', 'mount')) },
  t => {
    const place = scratch(t);
    const layers: Layers = [
      [FILE('d/a'), FILE('d/s/b'), FILE('d/s/kept'), FILE('e')],
      [opaque('d'), FILE('d/s/kept'), FILE('d/own')],
    ];
    const archives = layers.map((entries, index) => {
      const archive = join(place, `${index}.tar`);
      writeFileSync(archive, tar(...entries));
      return archive;
    });
    const script = join(place, 'unpack.mjs');
    const src = (name: string) => JSON.stringify(join(import.meta.dirname, '../../../../src/layers/unpack', name));
    writeFileSync(
      script,
      `import { readFileSync } from 'node:fs';
     import { LayerUnpacker } from ${src('unpack.ts')};
     import { fixAcrossLayers } from ${src('fixAcrossLayers.ts')};
     const [place, ...archives] = process.argv.slice(2);
     const layers = archives.map((archive, index) => {
       const folder = place + '/' + (index + 1);
       const unpacker = new LayerUnpacker({ folder, sidecar: folder + '.json', limits: { maxBytes: 1e9, maxEntries: 1e5 } });
       unpacker.write(readFileSync(archive));
       unpacker.end();
       return { folder, sidecar: folder + '.json' };
     });
     console.log(JSON.stringify(fixAcrossLayers(layers)));`,
    );
    // ramfs has no extended attributes.
    const shell =
      'mount -t ramfs none "$1" && "$2" "$3" "$1" "$4" "$5" && cd "$1" && find 2 -type c | sort && ls -A 2/d';
    const ram = join(place, 'ram');
    mkdirSync(ram);
    const { stdout, stderr, status } = spawnSync(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-ec', shell, 'sh', ram, process.execPath, script, ...archives],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split('\n'), ['[]', '2/d/a', '2/d/s/b', 'a', 'own', 's']);
  },
);
