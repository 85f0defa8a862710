import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  InvalidSidecarError,
  parseSidecar,
  readSidecar,
  type SidecarContent,
  writeSidecar,
} from '../../../../src/layers/unpack/sidecar.ts';
import { scratch } from '../unpacking.ts';

const FACTS = { uid: 1, gid: 2, mode: 0o4755 };

test('reads what was written, also names that are not UTF-8', t => {
  const file = join(scratch(t), '1.json');
  const content: Required<SidecarContent> = {
    entries: [
      { path: '', ...FACTS },
      { path: 'a/\udcff', ...FACTS, xattrs: { 'user.x': 'AA==' } },
      { path: 'tty', ...FACTS, type: 'char', devMajor: 5, devMinor: 0, mtime: -1.5 },
    ],
    opaque: ['a'],
    unmarked: ['\udcfe'],
    implicit: ['b'],
    whiteouts: ['c'],
    links: [
      { path: 'd', target: '\udcfd/e', ...FACTS },
      { path: 'f', target: 'g', late: true, ...FACTS },
    ],
    diverted: [{ path: 'Foo', as: 'Foo~2' }],
  };
  writeSidecar(file, content);
  assert.deepEqual(readSidecar(file), { version: 1, ...content });
  // For other programs, names are there as bytes, too.
  assert.match(readFileSync(file, 'utf8'), /"pathBytes":"YS\/\/"/);
});

test('takes the bytes of a name before its text, and cleans paths', () => {
  const entries = [
    { path: '?', pathBytes: Buffer.from([0x61, 0xff]).toString('base64'), ...FACTS },
    { path: './a//b/', ...FACTS },
  ];
  const parsed = parseSidecar('1.json', JSON.stringify({ version: 1, entries }));
  assert.deepEqual(
    parsed.entries.map(({ path }) => path),
    ['a\udcff', 'a/b'],
  );
});

test('refuses a file with anything that Peel does not write', () => {
  const entry = { path: 'a', ...FACTS };
  const entries: unknown[] = [
    null,
    'x',
    [],
    { path: 'a' },
    { ...entry, path: 5 },
    { ...entry, path: '../a' },
    { ...entry, path: 'a/../b' },
    { ...entry, path: '/a' },
    { ...entry, path: 'a\0' },
    { ...entry, pathBytes: Buffer.from('../a').toString('base64') },
    { ...entry, uid: '0' },
    { ...entry, gid: 1.5 },
    { ...entry, mode: null },
    { ...entry, mtime: '0' },
    { ...entry, type: 'directory' },
    { ...entry, type: 'block', devMajor: 1 },
    { ...entry, xattrs: { 'user.x': 1 } },
    { ...entry, xattrs: [] },
  ];
  const files: unknown[] = [
    ...entries.map(value => ({ version: 1, entries: [value] })),
    [],
    {},
    { version: 2, entries: [] },
    { version: 1, entries: {} },
    { version: 1, entries: [], opaque: 'a' },
    { version: 1, entries: [], implicit: ['..'] },
    { version: 1, entries: [], whiteouts: [1] },
    { version: 1, entries: [], links: [{ path: 'a', ...FACTS }] },
    { version: 1, entries: [], links: [{ path: 'a', target: '../b', ...FACTS }] },
    { version: 1, entries: [], diverted: [{ path: 'a' }] },
  ];
  for (const text of ['', '{', ...files.map(value => JSON.stringify(value))]) {
    assert.throws(() => parseSidecar('1.json', text), InvalidSidecarError, text);
  }
});
