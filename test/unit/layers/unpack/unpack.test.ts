import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import {
  DiskSpaceError,
  FolderNotEmptyError,
  HostileEntryError,
  InvalidLayerError,
  LimitExceededError,
  TruncatedLayerError,
} from '../../../../src/layers/errors.ts';
import { compress } from '../../../support/compress.ts';
import {
  device,
  encodeEntry,
  directory,
  fifo,
  file,
  gnuSparse,
  hardlink,
  opaque,
  paxSparse,
  symlink,
  tar,
  tarWithoutEnd,
  whiteout,
} from '../../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../../support/tools.ts';
import { type Tree, readTree } from '../../../support/tree.ts';
import { scratch, unpack } from '../unpacking.ts';

const linux = { skip: firstOf(requireRoot(), requireTool('tar', 'getfattr')) };
const WHITEOUT = { type: 'char', device: '0:0' };

function shape(tree: Tree, path: string): { type: string | undefined; device?: string | undefined } {
  const { type, device } = tree.get(path) ?? { type: undefined };
  return device === undefined ? { type } : { type, device };
}

suite('an unpacked layer', linux, () => {
  test('has files, directories and symlinks as the archive describes them', t => {
    const folder = join(scratch(t), '1');
    const result = unpack(
      [
        directory('./', { mode: 0o711, mtime: 1_000_000_000 }),
        directory('usr/', { mode: 0o755, mtime: 1_100_000_000, uid: 12, gid: 34 }),
        file('usr/hello', 'Hello', { mode: 0o640, uid: 1000, gid: 1001, mtime: 1_200_000_000.5 }),
        symlink('link', '/usr/../etc/../../usr/hello', { uid: 7, gid: 8, mtime: 1_300_000_000 }),
        directory('closed/', { mode: 0o555 }),
        file('closed/file', 'x', { mode: 0o000 }),
        directory('tmp/', { mode: 0o1777 }),
      ],
      folder,
    );
    assert.deepEqual(result.warnings, []);
    assert.equal(result.entries, 7);
    const tree = readTree(folder);
    const facts = (path: string) => {
      const { type, mode, uid, gid, mtime } = tree.get(path) ?? {};
      return { type, mode, uid, gid, mtime };
    };
    assert.deepEqual(facts('.'), { type: 'directory', mode: '711', uid: 0, gid: 0, mtime: 1_000_000_000 });
    assert.deepEqual(facts('usr'), { type: 'directory', mode: '755', uid: 12, gid: 34, mtime: 1_100_000_000 });
    assert.deepEqual(facts('usr/hello'), { type: 'file', mode: '640', uid: 1000, gid: 1001, mtime: 1_200_000_000.5 });
    assert.deepEqual(facts('link'), { type: 'symlink', mode: '777', uid: 7, gid: 8, mtime: 1_300_000_000 });
    assert.equal(readlinkSync(join(folder, 'link')), '/usr/../etc/../../usr/hello');
    assert.equal(tree.get('closed')?.mode, '555');
    assert.equal(tree.get('closed/file')?.mode, '0');
    assert.equal(tree.get('tmp')?.mode, '1777');
    assert.deepEqual(result.sidecar.entries, [{ path: '', uid: 0, gid: 0, mode: 0o711 }]);
  });

  test('keeps what the disk does not say in the sidecar', t => {
    const folder = join(scratch(t), '1');
    const { sidecar } = unpack(
      [
        device('null', 'char', 1, 3, { mode: 0o666, gid: 5, mtime: 1e9 }),
        device('disk', 'block', 8, 1, { mode: 0o660, gid: 6, mtime: 1e9 + 0.5 }),
        file('ping', 'x', {
          mode: 0o4755,
          xattrs: { 'security.capability': Buffer.from([1, 0, 0, 2]), 'user.note': 'n' },
        }),
        file(Buffer.from('bad\xff', 'latin1'), 'x', { mode: 0o2755 }),
      ],
      folder,
    );
    assert.deepEqual(readdirSync(folder, { encoding: 'latin1' }).toSorted(), ['bad\xff', 'ping']);
    assert.equal(statSync(join(folder, 'ping')).mode & 0o7777, 0o755);
    assert.deepEqual(sidecar.entries, [
      { path: 'null', uid: 0, gid: 5, mode: 0o666, type: 'char', devMajor: 1, devMinor: 3, mtime: 1e9 },
      { path: 'disk', uid: 0, gid: 6, mode: 0o660, type: 'block', devMajor: 8, devMinor: 1, mtime: 1e9 + 0.5 },
      {
        path: 'ping',
        uid: 0,
        gid: 0,
        mode: 0o4755,
        xattrs: { 'security.capability': 'AQAAAg==', 'user.note': 'bg==' },
      },
      { path: 'bad\udcff', uid: 0, gid: 0, mode: 0o2755 },
    ]);
  });

  test('gives a file more names than the file system lets it have, by few copies, which count', t => {
    const place = scratch(t);
    // ext4 allows 65,000 links.
    const links = Array.from({ length: 70_000 }, (_, index) => hardlink(`l${index}`, 'f'));
    const archive = Buffer.concat([...links.map(encodeEntry), Buffer.alloc(1024)]);
    const { folder, warnings } = unpack(
      Buffer.concat([encodeEntry(file('f', 'x'.repeat(100_000))), archive]),
      join(place, '1'),
    );
    assert.deepEqual(warnings, []);
    const inodes = new Set(links.map(({ path }) => lstatSync(join(folder, String(path))).ino));
    assert.ok(inodes.size <= 2, `${inodes.size} files`);
    if (inodes.size === 1) return t.skip('this file system has no limit of links');
    const sparse = Buffer.concat([encodeEntry(paxSparse('f', 40_000_000, [])), archive]);
    const limits = { maxBytes: 60_000_000 };
    assert.throws(() => unpack(sparse, join(place, '2'), { limits }), LimitExceededError);
  });

  test('has hard links, also to symlinks, and to what stands later in the archive', t => {
    const folder = join(scratch(t), '1');
    const { warnings, sidecar } = unpack(
      [
        hardlink('early', 'dir/file'),
        file('dir/file', 'content', { mtime: 9 }),
        hardlink('late', './dir/file', { mode: 0o600, mtime: 5 }),
        symlink('s', 'nowhere'),
        hardlink('s2', 's'),
        symlink('d', 'dir'),
        hardlink('through', '/d/file'),
        fifo('pipe'),
        hardlink('pipe2', 'pipe'),
        hardlink('lower', 'not/here'),
        device('dev', 'char', 1, 5),
        hardlink('dev2', 'dev'),
      ],
      folder,
    );
    assert.deepEqual(warnings, []);
    const inode = (path: string) => lstatSync(join(folder, path)).ino;
    for (const path of ['early', 'late', 'through']) assert.equal(inode(path), inode('dir/file'), path);
    const { mode, mtimeMs } = lstatSync(join(folder, 'late'));
    assert.deepEqual([mode, mtimeMs], [0o100644, 9000], 'the header of a link describes nothing');
    assert.equal(inode('s2'), inode('s'));
    assert.equal(inode('pipe2'), inode('pipe'));
    assert.equal(existsSync(join(folder, 'lower')), false);
    assert.deepEqual(sidecar.links, [
      { path: 'early', target: 'dir/file', late: true, uid: 0, gid: 0, mode: 0o644 },
      { path: 'lower', target: 'not/here', uid: 0, gid: 0, mode: 0o644 },
    ]);
    assert.deepEqual(
      sidecar.entries.filter(({ type }) => type === 'char').map(({ path, devMinor }) => [path, devMinor]),
      [
        ['dev', 5],
        ['dev2', 5],
      ],
    );
  });

  test('resolves parents within itself, as symlinks of the archive tell', t => {
    const folder = join(scratch(t), '1');
    const { warnings } = unpack(
      [
        directory('usr/lib'),
        symlink('lib', 'usr/lib'),
        file('lib/a.so', 'a'),
        symlink('usr/lib/up', '/../../usr'),
        file('lib/up/b', 'b'),
        symlink('chain', 'lib/up/new'),
        file('chain/sub/c', 'c'),
        symlink('loop1', 'loop2'),
        symlink('loop2', 'loop1'),
        file('loop1/x', 'x'),
      ],
      folder,
    );
    assert.equal(readFileSync(join(folder, 'usr/lib/a.so'), 'utf8'), 'a');
    assert.equal(readFileSync(join(folder, 'usr/b'), 'utf8'), 'b');
    assert.equal(readFileSync(join(folder, 'usr/new/sub/c'), 'utf8'), 'c');
    assert.equal(lstatSync(join(folder, 'lib')).isSymbolicLink(), true);
    assert.match(warnings.join('\n'), /"loop1\/x" was left out: .*loop/);
  });

  test('has the last of entries with the same name, whatever they are', t => {
    const folder = join(scratch(t), '1');
    const { sidecar } = unpack(
      [
        file('a', 'first', { mode: 0o4755 }),
        file('a', 'second'),
        file('b', 'x'),
        directory('b/'),
        file('b/c', 'c'),
        directory('d/'),
        file('d/e/f', 'f', { xattrs: { 'user.a': 'b' } }),
        file('d', 'now a file'),
        symlink('e', 'a'),
        directory('e/', { mode: 0o700 }),
        directory('f/', { mode: 0o700 }),
        file('f/kept', 'kept'),
        directory('f/', { mode: 0o750 }),
        file('g', 'x'),
        file('g/h', 'a file was in the way'),
        fifo('i'),
        file('i', 'no FIFO'),
        device('j', 'char', 1, 3),
        symlink('j', 'a'),
        file('k', 'x'),
        hardlink('k', 'a'),
      ],
      folder,
    );
    const text = (path: string) => readFileSync(join(folder, path), 'utf8');
    assert.equal(text('a'), 'second');
    assert.equal(text('b/c'), 'c');
    assert.equal(text('d'), 'now a file');
    assert.equal(statSync(join(folder, 'e')).mode & 0o777, 0o700);
    assert.equal(text('f/kept'), 'kept');
    assert.equal(statSync(join(folder, 'f')).mode & 0o777, 0o750);
    assert.equal(text('g/h'), 'a file was in the way');
    assert.equal(text('i'), 'no FIFO');
    assert.equal(readlinkSync(join(folder, 'j')), 'a');
    assert.equal(text('k'), 'second');
    assert.deepEqual(sidecar.entries, []);
  });

  test('marks deletions for the overlay, wherever they stand in the archive', t => {
    const folder = join(scratch(t), '1');
    const { sidecar, warnings } = unpack(
      [
        whiteout('gone'),
        whiteout('deep/er/gone'),
        whiteout(`${'long/'.repeat(30)}${'n'.repeat(200)}`),
        directory('.wh.as-directory/'),
        opaque('all'),
        file('all/own', 'x'),
        whiteout('all/gone'),
        whiteout('all/sub/gone'),
        file('own-file', 'x'),
        whiteout('own-file'),
        directory('own-dir/'),
        file('own-dir/x', 'x'),
        whiteout('own-dir'),
        whiteout('replaced'),
        directory('replaced/'),
        whiteout('replaced-by-file'),
        file('replaced-by-file', 'x'),
        whiteout('parent'),
        file('parent/child', 'x'),
        file('.wh.plain/x', 'a directory of such a name'),
        file('.wh..wh.aufs', 'x'),
        directory('.wh..wh.orph/'),
        file('.wh..wh.orph/x', 'x'),
        file('.wh..wh.plnk/12.34', 'in the store'),
        hardlink('linked', '.wh..wh.plnk/12.34'),
      ],
      folder,
    );
    assert.deepEqual(warnings, []);
    const tree = readTree(folder);
    const long = `${'long/'.repeat(30)}${'n'.repeat(200)}`;
    for (const path of ['gone', 'deep/er/gone', long, 'as-directory'])
      assert.deepEqual(shape(tree, path), WHITEOUT, path);
    for (const path of ['all', 'own-dir', 'replaced', 'parent']) {
      assert.deepEqual(tree.get(path)?.xattrs, { 'user.overlay.opaque': '0x79' }, path);
    }
    assert.equal(tree.has('all/gone'), false);
    assert.equal(tree.has('all/sub/gone'), false);
    assert.equal(shape(tree, 'own-file').type, 'file');
    assert.equal(shape(tree, 'replaced-by-file').type, 'file');
    assert.equal(shape(tree, '.wh.plain/x').type, 'file');
    assert.deepEqual(
      [...tree.keys()].filter(path => path.includes('.wh.')),
      ['.wh.plain', '.wh.plain/x'],
    );
    assert.equal(readFileSync(join(folder, 'linked'), 'utf8'), 'in the store');
    assert.deepEqual(sidecar.opaque?.toSorted(), ['all', 'own-dir', 'parent', 'replaced']);
    assert.deepEqual(sidecar.whiteouts?.toSorted(), ['as-directory', 'deep/er/gone', 'gone', long]);
  });

  test('keeps the modes and times of directories with deletions', t => {
    const folder = join(scratch(t), '1');
    unpack(
      [
        directory('d/', { mode: 0o755, mtime: 77 }),
        opaque('d'),
        directory('e/', { mode: 0o500, mtime: 78 }),
        whiteout('e/x'),
      ],
      folder,
    );
    const [d, e] = ['d', 'e'].map(name => statSync(join(folder, name)));
    assert.deepEqual([d?.mode, d?.mtimeMs, e?.mode, e?.mtimeMs], [0o40755, 77_000, 0o40500, 78_000]);
  });

  test('keeps sparse files sparse, also those that the archive has in full', t => {
    const folder = join(scratch(t), '1');
    const block = Buffer.alloc(4096, 'x');
    const size = 1 << 30;
    unpack(
      [
        gnuSparse(
          'gnu',
          size,
          Array.from({ length: 30 }, (_, index) => ({ offset: index << 20, data: block })),
        ),
        paxSparse('pax', size, [{ offset: 4096, data: block }]),
        file('full', Buffer.concat([Buffer.alloc(2 << 20), Buffer.from('end'), Buffer.alloc(2 << 20)])),
      ],
      folder,
    );
    for (const [name, length] of [
      ['gnu', size],
      ['pax', size],
      ['full', (4 << 20) + 3],
    ] as const) {
      const stat = statSync(join(folder, name));
      assert.equal(stat.size, length, name);
      assert.ok(stat.blocks * 512 < 1 << 20, `${name} takes ${stat.blocks} blocks`);
    }
    assert.deepEqual(
      readFileSync(join(folder, 'full'))
        .subarray(2 << 20, (2 << 20) + 3)
        .toString(),
      'end',
    );
    const head = readFileSync(join(folder, 'gnu')).subarray(29 << 20, (29 << 20) + 4096);
    assert.ok(head.equals(block));
  });

  test('has FIFOs, with their attributes', t => {
    const folder = join(scratch(t), '1');
    unpack(
      [
        directory('d/', { mode: 0o555, mtime: 9 }),
        fifo('d/pipe', { mode: 0o622, uid: 3, gid: 4, mtime: 1_000_000_000 }),
      ],
      folder,
    );
    const stat = statSync(join(folder, 'd/pipe'));
    assert.ok(stat.isFIFO());
    assert.deepEqual([stat.mode & 0o7777, stat.uid, stat.gid, stat.mtimeMs], [0o622, 3, 4, 1_000_000_000_000]);
    assert.equal(statSync(join(folder, 'd')).mtimeMs, 9000);
  });

  test('has names of bytes that are no text, and names of every sort', t => {
    const folder = join(scratch(t), '1');
    const names = [
      Buffer.from('caf\xe9', 'latin1'),
      'café',
      'cafe\u0301',
      '名前',
      ' -rf *;$(x)`"\'\\',
      'new\nline',
      '\udbff\udfff',
    ];
    unpack(
      names.flatMap(name => [file(name, 'x'), whiteout(`w${typeof name === 'string' ? name : 'bytes'}`)]),
      folder,
    );
    const found = readdirSync(folder, { encoding: 'buffer' }).map(name => name.toString('latin1'));
    const wanted = names.map(name => Buffer.from(name).toString('latin1'));
    for (const name of wanted) assert.ok(found.includes(name), JSON.stringify(name));
    assert.equal(found.length, names.length * 2);
  });

  test('has times before 1970, and none that no file system could hold', t => {
    const folder = join(scratch(t), '1');
    unpack(
      [
        file('old', '', { mtime: -86_400 }),
        file('zero', '', { mtime: 0 }),
        file('far', '', { pax: { mtime: '9007199254740991' } }),
      ],
      folder,
    );
    assert.equal(statSync(join(folder, 'old')).mtimeMs, -86_400_000);
    assert.equal(statSync(join(folder, 'zero')).mtimeMs, 0);
    assert.ok(statSync(join(folder, 'far')).mtimeMs > 4e12);
  });
});

suite('what is refused', linux, () => {
  for (const [name, entry, reason] of [
    ['a name that leads out', file('../x', 'x'), /"\.\.\/x" was left out: it leads out/],
    [
      'a hard link that leads out',
      hardlink('l', '../../etc/passwd'),
      /"l" was left out: it is a hard link to ".*", out of the image/,
    ],
    ['a device 0/0', device('x', 'char', 0, 0), /"x" was left out: it is a device 0\/0/],
    ['a symlink to nothing', symlink('x', ''), /"x" was left out: it is a symbolic link with an impossible target/],
    [
      'a forged mark',
      directory('d/', { xattrs: { 'trusted.overlay.opaque': 'y' } }),
      /"d\/": its attribute "trusted.overlay.opaque" was left out/,
    ],
    ['a name that is too long', file('n'.repeat(256), 'x'), /its name is too long/],
    ['a path that is too long', file('n/'.repeat(2100), 'x'), /its path is too long/],
    ['a hard link to a directory', hardlink('l', 'good/..'), /hard link to a directory/],
    ['a kind that is none', file('x', 'x', { flag: 'V' }), /its type "V"/],
  ] as const) {
    test(`${name} is left out and reported, and the rest is unpacked`, t => {
      const folder = join(scratch(t), '1');
      const { warnings } = unpack([file('good/file', 'x'), entry, file('good/last', 'y')], folder);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', reason);
      assert.equal(readFileSync(join(folder, 'good/last'), 'utf8'), 'y');
      assert.deepEqual(readTree(folder).get('d')?.xattrs, undefined);
    });
  }

  for (const name of ['.wh.', '.wh..', '.wh...', 'a/.wh...']) {
    test(`a whiteout named ${name} condemns the layer`, t => {
      assert.throws(() => unpack([file(name)], join(scratch(t), '1')), HostileEntryError);
    });
  }

  for (const entry of [symlink('/', '/etc'), file('./', 'x'), hardlink('.', 'x')]) {
    test(`a root that is a ${entry.type ?? 'file'} condemns the layer`, t => {
      assert.throws(() => unpack([entry], join(scratch(t), '1')), HostileEntryError);
    });
  }

  test('a folder that holds something is not touched', t => {
    const folder = scratch(t);
    writeFileSync(join(folder, 'precious'), 'x');
    assert.throws(() => unpack([file('precious', 'y')], folder), FolderNotEmptyError);
    assert.deepEqual(readdirSync(folder), ['precious']);
  });
});

suite('limits', linux, () => {
  test('bytes, of the archive and of holes', t => {
    const folder = scratch(t);
    const limits = { maxBytes: 1 << 20 };
    assert.throws(() => unpack([file('x', Buffer.alloc(1 << 20))], join(folder, '1'), { limits }), LimitExceededError);
    assert.throws(() => unpack([paxSparse('x', 2 ** 40, [])], join(folder, '2'), { limits }), LimitExceededError);
    unpack([file('x', Buffer.alloc(1 << 19))], join(folder, '3'), { limits });
  });

  test('entries, and directories that are made for them', t => {
    const folder = scratch(t);
    const limits = { maxEntries: 100 };
    const many = Array.from({ length: 101 }, (_, index) => file(`f${index}`));
    assert.throws(() => unpack(many, join(folder, '1'), { limits }), LimitExceededError);
    assert.throws(() => unpack([file(`${'d/'.repeat(120)}f`)], join(folder, '2'), { limits }), LimitExceededError);
    unpack(many.slice(1), join(folder, '3'), { limits });
  });

  test('attributes', t => {
    const big = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`user.${index}`, Buffer.alloc(60_000)]));
    const many = Array.from({ length: 130 }, (_, index) => file(`f${index}`, '', { xattrs: big }));
    assert.throws(() => unpack(many, join(scratch(t), '1')), LimitExceededError);
  });

  test('the free room on the disk', t => {
    assert.throws(
      () =>
        unpack(tarWithoutEnd(file('x', '', { size: 2 ** 50, pax: { size: String(2 ** 50) } })), join(scratch(t), '1'), {
          limits: { maxBytes: 2 ** 51 },
        }),
      (error: unknown) => error instanceof DiskSpaceError && error.code === 'ENOSPC',
    );
  });

  test('a bomb of zeros costs neither memory nor disk', t => {
    const bomb = compress(tar(file('zeros', Buffer.alloc(600 << 20))), 'zstd');
    const folder = join(scratch(t), '1');
    const before = process.memoryUsage().rss;
    const { size } = unpack(bomb, folder);
    assert.ok(size > 600 << 20);
    assert.ok(process.memoryUsage().rss - before < 64 << 20);
    assert.ok(statSync(join(folder, 'zeros')).blocks < 1000);
  });
});

suite('the bytes of a layer', linux, () => {
  const content = tar(file('a', 'x'.repeat(100_000)), directory('d/'), file('d/b', 'y'));
  const diffId = `sha256:${createHash('sha256').update(content).digest('hex')}`;

  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    test(`are hashed and unpacked from ${compression} in pieces of any size`, t => {
      const folder = scratch(t);
      const blob = compress(content, compression);
      for (const step of [1, 511, 4096, 1 << 20]) {
        const result = unpack(blob, join(folder, String(step)), { step });
        assert.deepEqual([result.diffId, result.size, result.compression], [diffId, content.length, compression]);
        assert.equal(readFileSync(join(folder, String(step), 'a'), 'utf8').length, 100_000);
      }
    });

    test(`are noticed to be cut short in ${compression}, wherever that is, and leave no sidecar`, t => {
      const blob = compress(content, compression);
      const folder = scratch(t);
      for (let part = 1; part < 40; part++) {
        const at = Math.floor(((content.length - 1024) / content.length) * ((blob.length * part) / 40));
        const target = join(folder, String(part));
        if (compression === 'none' && at % 512 === 0) continue;
        assert.throws(() => unpack(blob.subarray(0, at), target), TruncatedLayerError, `at ${at} of ${blob.length}`);
        assert.equal(existsSync(`${target}.json`), false);
      }
    });
  }

  test('behind the end of the archive count into the digest, and are not read', t => {
    const all = Buffer.concat([content, Buffer.from('junk'.repeat(1000)), tar(file('late'))]);
    const folder = join(scratch(t), '1');
    const result = unpack(all, folder);
    assert.equal(result.diffId, `sha256:${createHash('sha256').update(all).digest('hex')}`);
    assert.equal(existsSync(join(folder, 'late')), false);
  });

  test('may have junk behind the compressed data only when the archive had ended', t => {
    const junk = Buffer.from('This is junk.');
    const folder = scratch(t);
    const { warnings, diffId: found } = unpack(Buffer.concat([compress(content, 'gzip'), junk]), join(folder, '1'));
    assert.equal(found, diffId);
    assert.match(warnings.join(), /13 bytes after the end/);
    const open = compress(tarWithoutEnd(file('a', 'x')), 'gzip');
    assert.throws(() => unpack(Buffer.concat([open, junk]), join(folder, '2')), InvalidLayerError);
    unpack(open, join(folder, '3'));
  });

  test('may be none at all', t => {
    const folder = scratch(t);
    for (const [index, blob] of [Buffer.alloc(0), Buffer.alloc(1024), compress(Buffer.alloc(1024), 'gzip')].entries()) {
      assert.equal(unpack(blob, join(folder, String(index))).entries, 0);
      assert.deepEqual(readdirSync(join(folder, String(index))), []);
    }
  });

  test('that are no archive are told from one', t => {
    assert.throws(() => unpack(Buffer.from('<html>'.repeat(200)), join(scratch(t), '1')), InvalidLayerError);
  });
});
