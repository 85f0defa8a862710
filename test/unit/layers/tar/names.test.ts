import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { decodeName, fsPath, hasRawBytes, nameBytes, nameLength } from '../../../../src/layers/tar/byteName.ts';
import { meaningOf, splitPath } from '../../../../src/layers/tar/entryPath.ts';
import { hostNameFor } from '../../../../src/layers/unpack/hostNames.ts';
import { readSidecar } from '../../../../src/layers/unpack/sidecar.ts';
import { LayerUnpacker } from '../../../../src/layers/unpack/unpack.ts';
import { directory, file, tar, tarWithoutEnd } from '../../../support/tar.ts';
import { seeded } from '../../../support/deflateWriter.ts';
import { LIMITS, scratch } from '../unpacking.ts';

test('keeps the bytes of any name, and different bytes apart', () => {
  const random = seeded(7);
  const seen = new Map<string, string>();
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(
      Array.from(
        { length: random(8) },
        () => [0x41, 0x80, 0xc3, 0xa9, 0xed, 0xb2, 0xf0, 0x9f, 0xff, random(256)][random(10)] ?? 0,
      ),
    );
    const name = decodeName(bytes);
    assert.deepEqual(nameBytes(name), bytes);
    assert.equal(nameLength(name), bytes.length);
    const hex = bytes.toString('hex');
    assert.equal(seen.get(name) ?? hex, hex);
    seen.set(name, hex);
  }
});

test('keeps valid UTF-8 as it is', () => {
  for (const name of ['a', 'café', '名前', '😀', '']) {
    assert.equal(decodeName(Buffer.from(name)), name);
    assert.equal(fsPath(name), name);
    assert.equal(hasRawBytes(name), false);
  }
  assert.ok(Buffer.isBuffer(fsPath('a\udcff')));
});

test('cleans paths by name alone', () => {
  const cases: [string, string | undefined][] = [
    ['a/b', 'a/b'],
    ['./a//b/', 'a/b'],
    ['/a', 'a'],
    ['a/../b', 'b'],
    ['a/./..', ''],
    ['.', ''],
    ['', ''],
    ['..', undefined],
    ['/..', undefined],
    ['a/../../b', undefined],
    ['a/b/../../../c', undefined],
    ['...', '...'],
  ];
  for (const [path, expected] of cases) assert.equal(splitPath(path)?.join('/'), expected, path);
});

test('recognises a whiteout by the last name only', () => {
  const cases: [string, object][] = [
    ['a/.wh.b', { kind: 'whiteout', hidden: 'b' }],
    ['.wh..hidden', { kind: 'whiteout', hidden: '.hidden' }],
    ['.wh.a/b', { kind: 'entry' }],
    ['.wh.a/.wh.b', { kind: 'whiteout', hidden: 'b' }],
    ['a/.wh..wh..opq', { kind: 'opaque' }],
    ['.wh..wh..opq/x', { kind: 'ignored' }],
    ['.wh..wh.aufs', { kind: 'ignored' }],
    ['.wh..wh.plnk/1.2', { kind: 'entry' }],
    ['a/.wh..wh.plnk', { kind: 'ignored' }],
    ['.wh.', { kind: 'invalid' }],
    ['a/.wh..', { kind: 'invalid' }],
    ['.wh...', { kind: 'invalid' }],
    ['x.wh.y', { kind: 'entry' }],
  ];
  for (const [path, expected] of cases) assert.deepEqual(meaningOf(path.split('/')), expected, path);
});

test('replaces each name that Windows or macOS cannot store by a different one', () => {
  const windows = (name: string) => hostNameFor(name, 'win32');
  for (const name of ['a', 'a.b', 'console', 'com', 'nul1', '.profile', 'é']) assert.equal(windows(name), name);
  const bad = [
    'con',
    'CON',
    'nul.txt',
    'COM1',
    'lpt9.x',
    'a:b',
    'a?b',
    'a*b',
    'a\\b',
    '..\\x',
    'C:\\x',
    'x.',
    'x ',
    'x. .',
    'a\u0001',
    'a\udcff',
    '<',
    '>',
    '|',
    '"',
  ];
  const changed = bad.map(windows);
  assert.equal(new Set(changed).size, bad.length);
  for (const name of changed) {
    assert.match(name, /^[^<>:"|?*\\]*[^. ]$/);
    assert.ok([...name].every(letter => letter >= ' '));
    assert.doesNotMatch(name, /^(con|nul|com1|lpt9)(\.|~|$)/i);
  }
  assert.equal(hostNameFor('a:b', 'darwin'), 'a:b');
  assert.equal(hasRawBytes(hostNameFor('a\udcff', 'darwin')), false);
  assert.equal(hostNameFor('con', 'linux'), 'con');
});

test('stores a name next to one that the file system equates with it, and loses nothing', t => {
  const folder = join(scratch(t), '1');
  const unpacker = new LayerUnpacker({ folder, sidecar: `${folder}.json`, limits: LIMITS });
  unpacker.write(tarWithoutEnd(file('name', 'lower'), directory('dir/'), file('dir/x', 'lower')));
  // A file system that equates NAME with name shows something here that this layer did not create.
  writeFileSync(join(folder, 'NAME'), 'lower');
  writeFileSync(join(folder, 'DIR'), 'lower');
  unpacker.write(tar(file('NAME', 'upper'), directory('DIR/'), file('DIR/y', 'upper'), file('NAME', 'again')));
  const { warnings } = unpacker.end();
  assert.deepEqual(readdirSync(folder).toSorted(), ['DIR', 'DIR~2', 'NAME', 'NAME~2', 'dir', 'name']);
  assert.equal(readFileSync(join(folder, 'NAME'), 'utf8'), 'lower');
  assert.equal(readFileSync(join(folder, 'NAME~2'), 'utf8'), 'again');
  assert.equal(readFileSync(join(folder, 'DIR~2/y'), 'utf8'), 'upper');
  assert.match(warnings.join('\n'), /"NAME" is stored as "NAME~2"/);
  assert.deepEqual(
    readSidecar(`${folder}.json`).diverted?.toSorted((a, b) => a.path.localeCompare(b.path)),
    [
      { path: 'DIR', as: 'DIR~2' },
      { path: 'NAME', as: 'NAME~2' },
    ],
  );
});
