import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  ftruncateSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { InvalidLayerError, LimitExceededError, TruncatedLayerError } from '../../../../src/layers/errors.ts';
import type { TarEntry } from '../../../../src/layers/tar/tarEntry.ts';
import { TarReader, type TarEnd } from '../../../../src/layers/tar/tarReader.ts';
import {
  device,
  directory,
  encodeEntry,
  type Entry,
  file,
  gnuSparse,
  hardlink,
  pax,
  paxRecord,
  paxSparse,
  symlink,
  tar,
  tarWithoutEnd,
} from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { feed, scratch } from '../unpacking.ts';

interface Read {
  readonly entries: readonly (TarEntry & { readonly content: string; readonly at: number })[];
  readonly end: TarEnd;
}

/** Reads an archive; a file's content is shown as a digest over its pieces in their places. */
function read(bytes: Buffer, step = 1 << 20): Read {
  const entries: (TarEntry & { content: string; at: number })[] = [];
  let open: { entry: TarEntry; at: number; content: Buffer } | undefined;
  const reader: TarReader = new TarReader({
    entry(entry) {
      assert.equal(open, undefined);
      open = { entry, at: reader.position, content: Buffer.alloc(Math.min(entry.size, 1 << 24)) };
    },
    data(chunk, position) {
      assert.ok(open && position + chunk.length <= open.entry.size);
      open.content.set(chunk, position);
    },
    endEntry() {
      assert.ok(open);
      entries.push({ ...open.entry, at: open.at, content: open.content.toString('latin1') });
      open = undefined;
    },
  });
  feed(reader, bytes, step);
  return { entries, end: reader.end() };
}

function only(...parts: (Entry | Uint8Array)[]): Read['entries'][number] {
  const { entries } = read(tar(...parts));
  assert.equal(entries.length, 1);
  return entries[0] ?? assert.fail();
}

suite('reading tar', () => {
  test('gives every field of a header', () => {
    const entry = only(
      file('dir/name', 'content', {
        mode: 0o4751,
        uid: 1234,
        gid: 56,
        mtime: 1_000_000_007,
      }),
    );
    const { xattrs: _x, sparse: _s, ...rest } = entry;
    assert.deepEqual(rest, {
      path: 'dir/name',
      type: 'file',
      size: 7,
      storedSize: 7,
      mode: 0o4751,
      uid: 1234,
      gid: 56,
      mtime: 1_000_000_007,
      linkname: '',
      devMajor: 0,
      devMinor: 0,
      content: 'content',
      at: 512,
    });
  });

  test('knows all kinds', () => {
    const { entries } = read(
      tar(
        file('a'),
        { path: 'old', flag: '\0' },
        { path: 'olddir/', flag: '\0' },
        { path: 'contiguous', flag: '7', body: 'x' },
        directory('d/'),
        { path: 'dump', flag: 'D', body: 'Yname\0\0' },
        symlink('s', 't'),
        hardlink('h', 'a'),
        device('c', 'char', 1, 3),
        device('b', 'block', 259, 65_537, { format: 'gnu' }),
        { path: 'p', type: 'fifo' },
        { path: 'label', flag: 'V' },
        file('z', 'end'),
      ),
    );
    assert.deepEqual(
      entries.map(({ path, type, devMajor, devMinor }) => [path, type, devMajor, devMinor]),
      [
        ['a', 'file', 0, 0],
        ['old', 'file', 0, 0],
        ['olddir/', 'directory', 0, 0],
        ['contiguous', 'file', 0, 0],
        ['d/', 'directory', 0, 0],
        ['dump', 'directory', 0, 0],
        ['s', 'symlink', 0, 0],
        ['h', 'hardlink', 0, 0],
        ['c', 'char', 1, 3],
        ['b', 'block', 259, 65_537],
        ['p', 'fifo', 0, 0],
        ['z', 'file', 0, 0],
      ],
    );
    assert.equal(entries.at(-1)?.content, 'end');
  });

  test('reads long names of every form', () => {
    const long = `${'folder/'.repeat(40)}name`;
    for (const format of ['pax', 'gnu'] as const) {
      const entry = only({ ...symlink(long, `../${long}`), format });
      assert.deepEqual([entry.path, entry.linkname], [long, `../${long}`], format);
    }
    const prefixed = only(file('name', '', { patch: block => block.write('some/prefix', 345) }));
    assert.equal(prefixed.path, 'some/prefix/name');
    const gnu = only(file('name', '', { format: 'gnu', patch: block => block.write('14553721600', 345) }));
    assert.equal(gnu.path, 'name');
    const star = only(
      file('name', '', {
        patch: block => {
          block.write('pre', 345);
          block.write('14553721600', 476);
          block.write('tar\0', 508, 'latin1');
        },
      }),
    );
    assert.equal(star.path, 'pre/name');
    const full = only(file('n'.repeat(100), ''));
    assert.equal(full.path, 'n'.repeat(100));
  });

  test('reads extended headers, for one entry and for all', () => {
    const { entries } = read(
      tar(
        pax({ gid: '7', 'SCHILY.xattr.user.not': 'applied to all', mtime: '1.5' }, 'g'),
        file('a', '', {
          pax: {
            gid: '8',
            uid: '4000000',
            'SCHILY.xattr.user.bin': Buffer.from([0, 10, 61, 255]),
            'LIBARCHIVE.xattr.user.%C3%A9': 'aGk=',
          },
        }),
        file('b', '', { pax: { gid: '', mtime: '-1.25' } }),
        file('c', '12345', {
          size: 5,
          patch: block => block.write('00000000000', 124),
          pax: { size: '5', path: 'd=e\nf', comment: 'x' },
        }),
      ),
    );
    const [a, b, c] = entries;
    assert.deepEqual([a?.gid, a?.uid, a?.mtime], [8, 4_000_000, 1.5]);
    assert.deepEqual(
      [...(a?.xattrs ?? [])].map(([name, value]) => [name, value.toString('hex')]),
      [
        ['user.bin', '000a3dff'],
        ['user.é', '6869'],
      ],
    );
    assert.deepEqual([b?.gid, b?.mtime, b?.xattrs], [0, -1.25, undefined]);
    assert.deepEqual([c?.path, c?.content, c?.mtime], ['d=e\nf', '12345', 1.5]);
  });

  test('reads numbers in octal, however padded, and in base 256', () => {
    const patched = (at: number, bytes: Buffer) => only(file('x', '', { patch: block => void bytes.copy(block, at) }));
    assert.equal(patched(108, Buffer.from('   755 \0')).uid, 0o755);
    assert.equal(patched(108, Buffer.from('00000755')).uid, 0o755);
    assert.equal(patched(108, Buffer.alloc(8)).uid, 0);
    assert.equal(patched(136, Buffer.from('ffffffffffffffffffffffff', 'hex')).mtime, -1);
    assert.equal(patched(136, Buffer.from('800000000000010000000000', 'hex')).mtime, 2 ** 40);
    assert.equal(patched(116, Buffer.from('8000000000100000', 'hex')).gid, 1 << 20);
    assert.throws(() => patched(136, Buffer.from('80ffffffffffffffffffffff', 'hex')), InvalidLayerError);
    assert.throws(() => patched(108, Buffer.from('0000888\0')), InvalidLayerError);
  });

  test('takes checksums of signed bytes, as some old tools made them', () => {
    // Two bytes above 127 make the sum of signed ones 512 smaller.
    const name = Buffer.from('\xe9\xe8', 'latin1');
    const signed = file('x', '', { patch: block => void name.copy(block), checksum: unsignedSum(name) - 512 });
    assert.equal(only(signed).path, '\udce9\udce8');
    assert.throws(() => only({ ...signed, checksum: unsignedSum(name) - 256 }), InvalidLayerError);
  });

  test('reads sparse files of every form', () => {
    const [one, two, three] = ['1', '2', '3'].map(text => Buffer.alloc(512, text));
    assert.ok(one && two && three);
    const map = [
      { offset: 0, data: one },
      { offset: 8192, data: two },
      { offset: 1 << 20, data: three },
    ];
    const size = (1 << 20) + 4096;
    const expected = Buffer.alloc(size);
    for (const { offset, data } of map) data.copy(expected, offset);
    const numbers = map.flatMap(({ offset, data }) => [offset, data.length]);
    const body = Buffer.concat(map.map(({ data }) => data));
    const old = Buffer.concat([
      paxRecord('GNU.sparse.size', String(size)),
      paxRecord('GNU.sparse.numblocks', '3'),
      ...map.flatMap(({ offset, data }) => [
        paxRecord('GNU.sparse.offset', String(offset)),
        paxRecord('GNU.sparse.numbytes', String(data.length)),
      ]),
    ]);
    const forms: Record<string, (Entry | Buffer)[]> = {
      old: [gnuSparse('sparse', size, map)],
      '0.0': [{ path: 'PaxHeaders/x', flag: 'x', body: old }, file('sparse', body)],
      '0.1': [
        file('GNUSparseFile.1/x', body, {
          pax: {
            'GNU.sparse.size': String(size),
            'GNU.sparse.numblocks': '3',
            'GNU.sparse.map': numbers.join(),
            'GNU.sparse.name': 'sparse',
          },
        }),
      ],
      '1.0': [paxSparse('sparse', size, map)],
    };
    for (const [form, parts] of Object.entries(forms)) {
      for (const step of [1 << 20, 100]) {
        const { entries } = read(tar(...parts, file('next', 'next')), step);
        assert.equal(entries.length, 2, form);
        assert.deepEqual([entries[0]?.path, entries[0]?.size, entries[0]?.storedSize], ['sparse', size, 1536], form);
        assert.equal(entries[0]?.content, expected.toString('latin1'), form);
        assert.equal(entries[1]?.content, 'next', form);
      }
    }
    const many = Array.from({ length: 100 }, (_, index) => ({ offset: index * 1024, data: one }));
    assert.equal(only(gnuSparse('many', 200_000, many)).sparse?.length, 100);
    assert.equal(only(paxSparse('many', 200_000, many)).sparse?.length, 100);
    assert.deepEqual(only(paxSparse('hole', 1 << 30, [])).sparse, []);
  });

  test('refuses maps of sparse files that lie', () => {
    const body = Buffer.alloc(1024);
    const map = (text: string, size = '4096') =>
      file('x', body, { pax: { 'GNU.sparse.map': text, 'GNU.sparse.size': size } });
    only(map('0,512,1024,512'));
    for (const bad of [
      '1024,512,0,512',
      '0,512,256,512',
      '0,512',
      '0,512,4000,512',
      '0,512,1024',
      '0,1024,-5,0,9,1',
      '0,-1,1,1025',
      'x,1',
      '0,9007199254740993',
    ]) {
      assert.throws(() => read(tar(map(bad))), InvalidLayerError, bad);
    }
    const one = (text: string) =>
      file('x', Buffer.concat([Buffer.from(text), Buffer.alloc(1024 - text.length)]), {
        pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '4096' },
      });
    only(one('1\n0\n512\n'));
    for (const bad of ['x\n', '1\n0\n5\n', '999999999\n', '99999999999999999999\n', '\n', '200000\n0\n']) {
      assert.throws(
        () => read(tar(one(bad))),
        error => error instanceof InvalidLayerError || error instanceof LimitExceededError,
        bad,
      );
    }
  });

  test('takes archives that end without a mark, with padding, or with nothing in them', () => {
    assert.deepEqual(read(Buffer.alloc(0)), { entries: [], end: { marked: false, warnings: [] } });
    for (const zeros of [512, 1024, 10_240]) assert.deepEqual(read(Buffer.alloc(zeros)).end.marked, true);
    const bare = tarWithoutEnd(file('a', 'x'));
    assert.deepEqual([read(bare).entries.length, read(bare).end.marked], [1, false]);
    assert.equal(read(bare.subarray(0, 513)).entries.length, 1);
    const more = Buffer.concat([tar(file('a')), Buffer.alloc(4096), tar(file('b'))]);
    assert.deepEqual(
      read(more).entries.map(({ path }) => path),
      ['a'],
    );
    assert.throws(
      () => read(Buffer.concat([tarWithoutEnd(file('a')), Buffer.alloc(512), tar(file('b'))])),
      InvalidLayerError,
    );
  });

  test('tells where an archive is cut short', () => {
    const archive = tarWithoutEnd(
      file('a', 'x'.repeat(600)),
      file('n'.repeat(200), 'y', { format: 'gnu' }),
      file('p'.repeat(200), 'z'),
      paxSparse('s', 9999, [{ offset: 0, data: Buffer.alloc(512) }]),
    );
    const legal = new Set<number>();
    for (let at = 0; at < archive.length; at++) {
      try {
        read(archive.subarray(0, at));
        legal.add(at);
      } catch (error) {
        assert.ok(error instanceof TruncatedLayerError, `at ${at}: ${String(error)}`);
      }
    }
    // Between entries, and in the padding of the last one.
    for (const at of legal) assert.ok(at === 0 || (at >= 512 + 600 && at <= 1536) || at > 1536, `${at}`);
    assert.equal(legal.has(512), false);
    assert.equal(legal.has(1536 + 512), false);
  });

  for (const [name, parts, error] of [
    ['a wrong checksum', [file('x', '', { checksum: 7 })], InvalidLayerError],
    ['a negative size', [file('x', '', { size: -512, format: 'gnu' })], InvalidLayerError],
    ['a size that is a fraction', [file('x', '', { pax: { size: '1.5' } })], InvalidLayerError],
    ['a NUL in a name', [file('x', '', { pax: { path: 'a\0b' } })], InvalidLayerError],
    ['records without a length', [{ path: 'x', flag: 'x', body: 'path=x\n' }], InvalidLayerError],
    ['records that are longer than they are', [{ path: 'x', flag: 'x', body: '99 path=x\n' }], InvalidLayerError],
    ['records without a name', [{ path: 'x', flag: 'x', body: '6 =xx\n' }], InvalidLayerError],
    ['a record of length 0', [{ path: 'x', flag: 'x', body: '0 a=b\n' }], InvalidLayerError],
    ['an endless name', [{ path: 'x', flag: 'L', body: Buffer.alloc((1 << 20) + 1, 'a') }], LimitExceededError],
    [
      'endless records',
      Array.from({ length: 4 }, () => ({ path: 'x', flag: 'x', body: paxRecord('k', Buffer.alloc(900_000)) })),
      LimitExceededError,
    ],
    [
      'endless records for all',
      Array.from({ length: 20 }, () => ({ path: 'x', flag: 'g', body: paxRecord('k', Buffer.alloc(900_000)) })),
      LimitExceededError,
    ],
  ] as const) {
    test(`refuses ${name}`, () => assert.throws(() => read(tar(...parts)), error));
  }
});

/** The right sum of an empty file's header with this name over the first letters. */
function unsignedSum(name: Buffer): number {
  const block = Buffer.from(encodeEntry(file('x')));
  name.copy(block);
  block.fill(' ', 148, 156);
  return block.reduce((sum, byte) => sum + byte, 0);
}

suite('reading what GNU tar writes', { skip: requireTool('tar', 'setfattr') }, () => {
  const forms = [
    ['v7'],
    ['oldgnu'],
    ['ustar'],
    ['gnu', '--sparse'],
    ['posix'],
    ['posix', '--sparse', '--xattrs'],
    ...['0.0', '0.1', '1.0'].map(version => ['posix', '--sparse', `--sparse-version=${version}`, '--xattrs']),
  ];
  for (const [format = '', ...options] of forms) {
    test(`as ${[format, ...options].join(' ')}`, t => {
      const folder = scratch(t);
      const long = format === 'v7' ? 'short' : `${'long-'.repeat(16)}name`;
      const xattrs = options.includes('--xattrs');
      const digests = new Map<string, string>();
      const put = (name: string, content: Buffer): void => {
        writeFileSync(join(folder, name), content);
        digests.set(name, createHash('sha256').update(content.toString('latin1'), 'latin1').digest('hex'));
      };
      mkdirSync(join(folder, 'dir'));
      put('dir/file', Buffer.alloc(70_000, 'content'));
      put('empty', Buffer.alloc(0));
      put(long, Buffer.from('long'));
      put('naïve', Buffer.from('utf-8'));
      chmodSync(join(folder, 'empty'), 0o4711);
      utimesSync(join(folder, 'empty'), 5, 1_234_567_890.5);
      linkSync(join(folder, 'dir/file'), join(folder, 'hard'));
      symlinkSync('../some where', join(folder, 'soft'));
      const content = Buffer.alloc(5 << 20);
      for (let at = 4096; at < content.length; at += 1 << 18) content.write('data', at);
      const fd = openSync(join(folder, 'sparse'), 'w');
      for (let at = 4096; at < content.length; at += 1 << 18) writeSync(fd, 'data', at);
      ftruncateSync(fd, content.length);
      closeSync(fd);
      digests.set('sparse', createHash('sha256').update(content).digest('hex'));
      if (xattrs) execFileSync('setfattr', ['-n', 'user.one', '-v', 'value', join(folder, 'empty')]);
      const archive = execFileSync(
        'tar',
        [
          `--format=${format}`,
          ...options,
          '-cf',
          '-',
          '-C',
          folder,
          'dir',
          'empty',
          long,
          'naïve',
          'hard',
          'soft',
          'sparse',
        ],
        { maxBuffer: 1 << 26 },
      );
      for (const step of [1 << 20, 1000]) {
        const { entries, end } = read(archive, step);
        assert.deepEqual(end, { marked: true, warnings: [] });
        const by = new Map(entries.map(entry => [entry.path.replace(/\/$/, ''), entry]));
        for (const [name, digest] of digests) {
          assert.equal(
            createHash('sha256')
              .update(by.get(name)?.content ?? 'none', 'latin1')
              .digest('hex'),
            digest,
            name,
          );
        }
        assert.deepEqual(
          [by.get('dir')?.type, by.get('soft')?.linkname, by.get('hard')?.linkname],
          ['directory', '../some where', 'dir/file'],
        );
        assert.equal(by.get('empty')?.mode, 0o4711);
        assert.equal(by.get('empty')?.mtime, format === 'posix' ? 1_234_567_890.5 : 1_234_567_890);
        assert.equal(by.get('empty')?.xattrs?.get('user.one')?.toString(), xattrs ? 'value' : undefined);
        assert.equal(by.get('sparse')?.sparse !== undefined, options.includes('--sparse'));
      }
    });
  }
});
