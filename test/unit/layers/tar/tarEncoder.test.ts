import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Header } from 'tar/header';
import { decodeName } from '../../../../src/layers/tar/byteName.ts';
import { encodeFileHeader, encodeHeader, END_MARK, type EncodedEntry } from '../../../../src/layers/tar/tarEncoder.ts';
import type { TarEntry } from '../../../../src/layers/tar/tarEntry.ts';
import { paddingOf } from '../../../../src/layers/tar/tarHeader.ts';
import { TarReader } from '../../../../src/layers/tar/tarReader.ts';

const PLAIN: EncodedEntry = {
  path: 'file',
  type: 'file',
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1_704_067_200,
  linkname: '',
  devMajor: 0,
  devMinor: 0,
};
const RAW = decodeName(Buffer.from('raw-\xff\xfe-name', 'latin1'));

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'peel-encoder-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Decodes one header, without the content that it announces. */
function decode(header: Buffer): TarEntry {
  const entries: TarEntry[] = [];
  new TarReader({ entry: entry => entries.push(entry), data() {}, endEntry() {} }).write(header);
  assert.equal(entries.length, 1);
  const [entry] = entries;
  assert.ok(entry);
  return entry;
}

/** What GNU tar lists: mode, owner, size, seconds and name of each entry. */
function list(t: TestContext, ...parts: Buffer[]): string[] {
  const archive = join(scratch(t), 'a.tar');
  writeFileSync(archive, Buffer.concat([...parts, END_MARK]));
  const output = execFileSync('tar', ['-tvf', archive, '--numeric-owner', '--full-time', '--quoting-style=escape'], {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
  });
  return output.trimEnd().split('\n');
}

const long = (length: number): string => `${'d'.repeat(40)}/`.repeat(Math.ceil(length / 41)).slice(0, length - 1) + 'f';

const cases: Readonly<Record<string, Partial<EncodedEntry>>> = {
  'a name of 99 bytes': { path: 'n'.repeat(99) },
  'a name of 100 bytes': { path: 'n'.repeat(100) },
  'a name of 101 bytes': { path: 'n'.repeat(101) },
  'a path of 255 bytes': { path: long(255) },
  'a path of 256 bytes': { path: long(256) },
  'a path of 4096 bytes': { path: long(4096) },
  'a long path with dots and double slashes': { path: `./a/../${long(100)}//x/.` },
  'a long path of a directory': { path: `${long(150)}/`, type: 'directory' },
  'a name in UTF-8': { path: 'ünïcödé 🐳' },
  'a long name in UTF-8': { path: 'ü'.repeat(200) },
  'a name that is not UTF-8': { path: RAW },
  'a path that is not UTF-8 and over 100 bytes': { path: `${long(120)}/${RAW}` },
  'a link target of 100 bytes': { type: 'symlink', linkname: 't'.repeat(100) },
  'a link target of 101 bytes': { type: 'symlink', linkname: 't'.repeat(101) },
  'a hard link to a long path': { type: 'hardlink', linkname: long(300) },
  'a link target that is not UTF-8': { type: 'symlink', linkname: RAW },
  'a long link target that is not UTF-8': { type: 'symlink', linkname: RAW.repeat(20) },
  'the largest owner in octal': { uid: 0o7777777, gid: 0o7777777 },
  'owners over 2097151': { uid: 2_097_152, gid: 4_294_967_294 },
  'the largest size in octal': { size: 0o77777777777 },
  'a size over 8 GiB': { size: 0o77777777777 + 1 },
  'a size of 1 PB': { size: 1e15 },
  'a time before 1970': { mtime: -1 },
  'a time long before 1970': { mtime: -62_135_596_800 },
  'a fraction of a second': { mtime: 1_704_067_200.123456 },
  'a fraction before 1970': { mtime: -0.5 },
  'a time over 33 bits': { mtime: 0o77777777777 + 1 },
  'the latest time that numbers can hold': { mtime: Number.MAX_SAFE_INTEGER },
  'a character device': { type: 'char', devMajor: 5, devMinor: 1 },
  'a block device with large numbers': { type: 'block', devMajor: 4095, devMinor: 1_048_575 },
  'a FIFO with setgid': { type: 'fifo', mode: 0o2644 },
  attributes: {
    xattrs: new Map([
      ['user.binary', Buffer.from([0, 10, 61, 255])],
      ['user.a=b c', Buffer.from('escaped')],
      ['security.capability', Buffer.alloc(20, 1)],
    ]),
  },
  'a sparse file': {
    size: 10_000,
    sparse: [
      { offset: 0, length: 512 },
      { offset: 4096, length: 1024 },
    ],
  },
  'a sparse file without data': { size: 1 << 30, sparse: [] },
  'a sparse file with a long name that is not UTF-8': {
    path: `${long(200)}/${RAW}`,
    size: 1024,
    sparse: [{ offset: 512, length: 512 }],
  },
};

for (const [name, changes] of Object.entries(cases)) {
  test(`encodes ${name}`, () => {
    const entry = { ...PLAIN, ...changes };
    const header = encodeHeader(entry);
    assert.equal(header.length % 512, 0);
    const { storedSize: _stored, ...decoded } = decode(header);
    assert.deepEqual(decoded, entry);
  });
}

test('writes a plain entry as a single ustar block', () => {
  const block = encodeHeader({ ...PLAIN, path: long(99), uid: 1000, gid: 100, size: 5 });
  assert.equal(block.length, 512);
  assert.equal(block.toString('latin1', 257, 265), 'ustar\x0000');
  const header = new Header(block);
  assert.ok(header.cksumValid);
  assert.equal(header.path, long(99));
});

test('GNU tar lists what no plain header holds', t => {
  const lines = list(
    t,
    encodeHeader({ ...PLAIN, path: long(300), uid: 4_000_000_000, gid: 3_000_000 }),
    encodeHeader({ ...PLAIN, path: 'early', mtime: -86_400 }),
    encodeHeader({ ...PLAIN, path: 'late', mtime: 10_000_000_000 }),
    encodeHeader({ ...PLAIN, path: RAW }),
    encodeHeader({ ...PLAIN, path: `${long(120)}/${RAW}` }),
    encodeHeader({ ...PLAIN, path: 'null', type: 'char', devMajor: 1, devMinor: 3 }),
    encodeHeader({ ...PLAIN, path: 'link', type: 'symlink', linkname: RAW.repeat(20) }),
    encodeHeader({ ...PLAIN, path: 'huge', size: 1e13, sparse: [] }),
  );
  const words = lines.map(line => line.split(/\s+/));
  assert.deepEqual(words[0]?.slice(1), ['4000000000/3000000', '0', '2024-01-01', '00:00:00', long(300)]);
  assert.equal(words[1]?.[3], '1969-12-31');
  assert.equal(words[2]?.[3], '2286-11-20');
  assert.equal(words[3]?.at(-1), String.raw`raw-\377\376-name`);
  assert.equal(words[4]?.at(-1), String.raw`${long(120)}/raw-\377\376-name`);
  assert.deepEqual([words[5]?.[0]?.[0], words[5]?.[2]], ['c', '1,3']);
  assert.equal(words[6]?.at(-1), String.raw`raw-\377\376-name`.repeat(20));
  assert.deepEqual(words[7]?.slice(2), ['10000000000000', '2024-01-01', '00:00:00', 'huge']);
});

test('GNU tar extracts a sparse file with its holes', t => {
  const folder = scratch(t);
  const piece = Buffer.alloc(4096, 'x');
  const header = encodeHeader({ ...PLAIN, size: 1 << 20, sparse: [{ offset: 65_536, length: piece.length }] });
  execFileSync('tar', ['-x', '-C', folder], { input: Buffer.concat([header, piece, END_MARK]) });
  const content = readFileSync(join(folder, 'file'));
  assert.equal(content.length, 1 << 20);
  assert.deepEqual(content.subarray(65_536, 65_536 + 4096), piece);
  assert.ok(content.subarray(0, 65_536).every(byte => byte === 0));
  assert.ok(statSync(join(folder, 'file')).blocks * 512 < 1 << 20);
});

test('GNU tar extracts names as their bytes', t => {
  const folder = scratch(t);
  const names = [RAW, 'ü'.repeat(60), RAW.repeat(12)];
  const parts = names.map(path => encodeHeader({ ...PLAIN, path }));
  execFileSync('tar', ['-x', '-C', folder], { input: Buffer.concat([...parts, END_MARK]), env: { LC_ALL: 'C' } });
  const found = readdirSync(folder, { encoding: 'buffer' }).map(name => decodeName(name));
  assert.deepEqual(found.sort(), names.sort());
});

test("a file's header is as long before its size is known as after", t => {
  const content = Buffer.from('hello');
  const sha512 = `blobs/sha512/${'0123456789abcdef'.repeat(8)}`;
  for (const path of ['oci-layout', 'n'.repeat(99), 'n'.repeat(100), sha512, long(255), long(400), 'ü'.repeat(90)]) {
    const header = encodeFileHeader(path, content.length);
    assert.equal(encodeFileHeader(path, 0).length, header.length, path);
    assert.equal(encodeFileHeader(path, 2 ** 40).length, header.length, path);
    assert.equal(decode(header).path, path);
    assert.equal(decode(encodeFileHeader(path, 2 ** 40)).size, 2 ** 40);
    const [line] = list(t, header, content, Buffer.alloc(paddingOf(content.length)));
    assert.match(line ?? '', /^-rw-r--r-- 0\/0 +5 1970-01-01 00:00:00 /);
  }
  assert.match(list(t, encodeFileHeader(sha512, 0))[0] ?? '', new RegExp(`${sha512}$`));
});
