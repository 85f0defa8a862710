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

/** Reads an archive, with each file's content put together from its parts. */
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

  test('knows every type', () => {
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

  test('reads extended headers', () => {
    const { entries } = read(
      tar(
        file('a', '', {
          pax: {
            gid: '8',
            mtime: '+1.5',
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
    assert.deepEqual([c?.path, c?.content], ['d=e\nf', '12345']);
  });

  // Go's archive/tar, and with it every container engine, does the same in the next three tests.
  test('uses only the last of several extended headers before an entry', () => {
    const entry = only(
      pax({ path: 'first', uid: '7', 'SCHILY.xattr.user.first': 'x' }),
      pax({ mtime: '5' }),
      file('name', ''),
    );
    assert.deepEqual([entry.path, entry.uid, entry.mtime, entry.xattrs], ['name', 0, 5, undefined]);
    const long = only({ path: 'L', flag: 'L', body: 'one\0' }, { path: 'L', flag: 'L', body: 'two\0' }, file('name'));
    assert.equal(long.path, 'two');
  });

  test('ignores global extended headers', () => {
    const global = pax(
      {
        path: 'elsewhere',
        linkpath: 'elsewhere',
        size: '1000',
        mtime: '1',
        atime: '1',
        uid: '7',
        gid: '7',
        'SCHILY.xattr.user.x': 'x',
        'GNU.sparse.name': 'elsewhere',
        'GNU.sparse.size': '5000',
      },
      'g',
    );
    const parts = [file('a', 'content'), symlink('s', 'target'), file('b', 'x', { pax: { uid: '8' } })];
    assert.deepEqual(
      read(tar(global, ...parts)).entries.map(entry => ({ ...entry, at: 0 })),
      read(tar(...parts)).entries.map(entry => ({ ...entry, at: 0 })),
    );
  });

  test('discards the headers before a global one', () => {
    const entry = only(
      pax({ path: 'lost', uid: '7' }),
      { path: 'L', flag: 'L', body: 'lost\0' },
      pax({ comment: 'of git archive' }, 'g'),
      file('name'),
    );
    assert.deepEqual([entry.path, entry.uid], ['name', 0]);
  });

  test('reads the prefix that Go before 1.8 wrote into GNU headers', () => {
    const gnu = (prefix: Buffer | string, at = 345) =>
      only(
        file('name', '', {
          format: 'gnu',
          uid: 3_000_000,
          patch: block => void Buffer.from(prefix).copy(block, at),
        }),
      ).path;
    assert.equal(gnu('usr/share/some/folder'), 'usr/share/some/folder/name');
    assert.equal(gnu(`${'p'.repeat(154)}x`), `${'p'.repeat(154)}x/name`);
    // Octal digits at first, but not a number.
    assert.equal(gnu('0123/456'), '0123/456/name');
    assert.equal(gnu('12 34'), '12 34/name');
    // Times as GNU tar writes them, and what is not ASCII.
    assert.equal(gnu('14553721600\x0014553721600\0'), 'name');
    assert.equal(gnu(' 4553721600 14553721600 '), 'name');
    assert.equal(gnu(Buffer.from('800000000000000000000001800000000000000000000001', 'hex')), 'name');
    assert.equal(gnu('1234567\0'), 'name');
    assert.equal(gnu('ünïcödé/folder'), 'name');
    assert.equal(gnu('junk in the ctime', 357), 'name');
    const long = only(
      file('n'.repeat(150), '', { format: 'gnu', patch: block => void block.write('some/prefix', 345) }),
    );
    assert.equal(long.path, 'n'.repeat(150));
  });

  test('takes a NUL type with a slash at the end for a directory, without a body', () => {
    const long = 'long/'.repeat(40);
    const { entries } = read(
      tar(
        { path: 'v7/', flag: '\0', size: 4096 },
        { path: 'x', flag: '\0', size: 4096, pax: { path: 'pax/' } },
        { path: long, flag: '\0', size: 4096, format: 'gnu' },
        { path: 'not/', flag: '\0', body: 'file', pax: { path: 'a/file' } },
        { path: 'five/', flag: '5', size: 4096 },
        file('end', 'end'),
      ),
    );
    assert.deepEqual(
      entries.map(({ path, type, content }) => [path, type, content]),
      [
        ['v7/', 'directory', ''],
        ['pax/', 'directory', ''],
        [long, 'directory', ''],
        ['a/file', 'file', 'file'],
        ['five/', 'directory', ''],
        ['end', 'file', 'end'],
      ],
    );
  });

  test('moves times that are too far away to the nearest number', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const header = (hex: string) =>
      only(file('x', '', { patch: block => void Buffer.from(hex, 'hex').copy(block, 136) })).mtime;
    assert.equal(header('800000007fffffffffffffff'), most);
    assert.equal(header('ffffffff8000000000000000'), -most);
    assert.equal(header('80ffffffffffffffffffffff'), most);
    assert.equal(header('c00000000000000000000000'), -most);
    for (const [text, mtime] of [
      ['9223372036854775807', most],
      ['-9223372036854775808', -most],
      ['9007199254740993.5', most],
      ['1'.repeat(400), most],
      ['+5', 5],
      ['-0.5', -0.5],
      ['5.', 5],
    ] as const) {
      assert.equal(only(file('x', '', { pax: { mtime: text } })).mtime, mtime, text);
    }
    for (const bad of ['', 'x', '1e3', '0x5', ' 5', '5 ', '--5', '.5', 'Infinity']) {
      const entry = () => only(file('x', '', { pax: { mtime: bad } })).mtime;
      if (bad === '') assert.equal(entry(), 1_704_067_200);
      else assert.throws(entry, InvalidLayerError, bad);
    }
  });

  test('takes owners that are no owners for nobody', () => {
    for (const uid of ['4294967295', '-1', '1152921504606846976', '9'.repeat(30)])
      assert.equal(only(file('x', '', { pax: { uid } })).uid, 65_534, uid);
    const large = (block: Buffer) => void Buffer.from('9000000000000000', 'hex').copy(block, 116);
    assert.equal(only(file('x', '', { patch: large })).gid, 65_534);
    assert.equal(only(file('x', '', { pax: { gid: '+5' } })).gid, 5);
  });

  test('says what a layer is that is not an archive', () => {
    const problem = (bytes: Buffer) => {
      try {
        read(bytes);
      } catch (error) {
        return error instanceof InvalidLayerError ? /not a tar archive but (.*?)\./.exec(error.message)?.[1] : error;
      }
      return undefined;
    };
    const statement = JSON.stringify({ _type: 'https://in-toto.io/Statement/v0.1', predicate: 'x'.repeat(600) });
    assert.equal(problem(Buffer.from(statement)), 'JSON');
    assert.equal(problem(Buffer.from('{"critical":{}}')), 'JSON');
    assert.equal(problem(Buffer.from('{\n  "critical": {}\n}\n')), 'JSON');
    assert.equal(problem(Buffer.from('[{"name": 1}]')), 'JSON');
    assert.equal(problem(Buffer.from(`\0asm\x01\0\0\0${'x'.repeat(600)}`)), 'WebAssembly');
    assert.equal(problem(Buffer.from('\0asm\x01\0\0\0')), 'WebAssembly');
    assert.equal(problem(Buffer.from('hello\n')), 'text');
    assert.equal(problem(Buffer.from('# Notes\r\n\r\nünïcödé\n'.repeat(40))), 'text');
    assert.equal(problem(Buffer.from('PK\x03\x04'.padEnd(1000, '\x01'))), 'a zip archive');
    assert.equal(problem(Buffer.alloc(1000, '\x01\xfe')), 'another kind of file');
    // Neither has anything but the first block been damaged, nor is a short rest of an archive
    // another kind.
    assert.equal(problem(tar(file('a'), file('{"b"}', '', { checksum: 1 }))), undefined);
    assert.ok(problem(tar(file('[.exe')).subarray(0, 300)) instanceof TruncatedLayerError);
  });

  test('reads numbers in octal, however padded, and in base 256', () => {
    const patched = (at: number, bytes: Buffer) => only(file('x', '', { patch: block => void bytes.copy(block, at) }));
    assert.equal(patched(108, Buffer.from('   755 \0')).uid, 0o755);
    assert.equal(patched(108, Buffer.from('00000755')).uid, 0o755);
    assert.equal(patched(108, Buffer.alloc(8)).uid, 0);
    assert.equal(patched(136, Buffer.from('ffffffffffffffffffffffff', 'hex')).mtime, -1);
    assert.equal(patched(136, Buffer.from('800000000000010000000000', 'hex')).mtime, 2 ** 40);
    assert.equal(patched(116, Buffer.from('8000000000100000', 'hex')).gid, 1 << 20);
    assert.throws(() => patched(124, Buffer.from('80ffffffffffffffffffffff', 'hex')), InvalidLayerError);
    assert.throws(() => patched(108, Buffer.from('0000888\0')), InvalidLayerError);
  });

  test('accepts checksums of signed bytes, which some old tools wrote', () => {
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

  test('refuses false maps of sparse files', () => {
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

  test('accepts archives that end without a mark or with padding, and empty ones', () => {
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

  test('notices an archive that is cut short', () => {
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
    ['endless records', [{ path: 'x', flag: 'x', body: paxRecord('k', Buffer.alloc(1 << 20)) }], LimitExceededError],
    ['malformed global records', [{ path: 'x', flag: 'g', body: 'path=x\n' }], InvalidLayerError],
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
