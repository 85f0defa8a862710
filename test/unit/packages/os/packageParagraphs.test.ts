import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApk, readDpkg } from '../../../../src/packages/os/packageParagraphs.ts';

const DPKG = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.41)
Description: GNU C Library
 Package: not a field
Version: 2.41-12

Package: gone
Status: deinstall ok config-files
Version: 1

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.41-12+b1
`;

const APK = `C:Q1abc=
P:musl
V:1.2.5-r9
A:x86_64
F:lib
R:libc.musl-x86_64.so.1

P:busybox
V:1.37.0-r12
L:GPL-2.0-only
o:busybox
F:
R:init
F:bin
M:0:0:755
R:busybox
a:0:0:755
`;

test('reads what dpkg has installed', () => {
  assert.deepEqual(readDpkg(DPKG), [
    { name: 'libc6', version: '2.41-12', arch: 'amd64', source: 'glibc (2.41)' },
    { name: 'libc6', version: '2.41-12+b1', arch: 'i386' },
  ]);
});

test('counts a package of dpkg as installed if its files are in place', () => {
  const states = {
    installed: 1,
    'triggers-pending': 1,
    'triggers-awaited': 1,
    'half-configured': 1,
    unpacked: 1,
    'half-installed': 0,
    'config-files': 0,
    'not-installed': 0,
  };
  for (const [state, count] of Object.entries(states))
    assert.equal(readDpkg(`Package: a\nVersion: 1\nStatus: install ok ${state}\n`).length, count, state);
  assert.equal(readDpkg('Package: a\nVersion: 1\nStatus: deinstall ok installed\n').length, 1);
});

test('reads what apk has installed', () => {
  assert.deepEqual(readApk(APK), [
    { name: 'musl', version: '1.2.5-r9', arch: 'x86_64', files: ['lib/libc.musl-x86_64.so.1'] },
    {
      name: 'busybox',
      version: '1.37.0-r12',
      license: 'GPL-2.0-only',
      source: 'busybox',
      files: ['init', 'bin/busybox'],
    },
  ]);
});

test('finds no packages in an empty or foreign file', () => {
  for (const text of ['', '\n\n\n', 'hello', '\0\x01']) assert.deepEqual([readDpkg(text), readApk(text)], [[], []]);
});
