import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePackages, readApk, readDpkg } from '../../../../src/insight/packages/packages.ts';

const DPKG = `Package: libc6
Status: install ok installed
Architecture: amd64
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
`;

test('dpkg tells what is installed, by architecture where there are two', () => {
  assert.deepEqual(
    [...readDpkg(DPKG)],
    [
      ['libc6', '2.41-12'],
      ['libc6:i386', '2.41-12+b1'],
    ],
  );
});

test('apk tells what is installed', () => {
  assert.deepEqual(
    [...readApk(APK)],
    [
      ['musl', '1.2.5-r9'],
      ['busybox', '1.37.0-r12'],
    ],
  );
});

test('an empty or foreign file has no packages', () => {
  for (const text of ['', '\n\n\n', 'hello', '\0\x01']) {
    assert.equal(readDpkg(text).size, 0);
    assert.equal(readApk(text).size, 0);
  }
});

test('packages that came, went and changed', () => {
  const left = new Map([
    ['a', '1'],
    ['b', '1'],
    ['c', '1'],
  ]);
  const right = new Map([
    ['b', '2'],
    ['c', '1'],
    ['d', '1'],
  ]);
  assert.deepEqual(comparePackages(left, right), {
    added: [{ name: 'd', after: '1' }],
    removed: [{ name: 'a', before: '1' }],
    changed: [{ name: 'b', before: '1', after: '2' }],
  });
});
