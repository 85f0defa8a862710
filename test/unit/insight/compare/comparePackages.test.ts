import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePackages } from '../../../../src/insight/compare/comparePackages.ts';
import type { Package } from '../../../../src/packages/package.ts';

/** @param lines `name version arch` */
const packages = (...lines: readonly string[]): Package[] =>
  lines.map(line => {
    const [name = '', version = '', arch = 'amd64'] = line.split(' ');
    return { name, version, arch };
  });

test('lists added, removed and changed packages', () => {
  assert.deepEqual(comparePackages('dpkg', packages('a 1', 'b 1', 'c 1'), packages('b 2', 'c 1', 'd 1')), {
    added: [{ name: 'd', after: '1' }],
    removed: [{ name: 'a', before: '1' }],
    changed: [{ name: 'b', before: '1', after: '2' }],
  });
});

test('compares a package of two architectures as two packages, in any order', () => {
  const one = packages('libc6 1 amd64');
  for (const both of [packages('libc6 1 amd64', 'libc6 2 i386'), packages('libc6 2 i386', 'libc6 1 amd64')]) {
    const added = [{ name: 'libc6:i386', after: '2' }];
    assert.deepEqual(comparePackages('dpkg', one, both), { added, removed: [], changed: [] });
    const removed = [{ name: 'libc6.i386', before: '2' }];
    assert.deepEqual(comparePackages('rpm', both, one), { added: [], removed, changed: [] });
    assert.deepEqual(comparePackages('dpkg', both, both.toReversed()), { added: [], removed: [], changed: [] });
  }
});

test('compares images of different architectures by name', () => {
  assert.deepEqual(comparePackages('dpkg', packages('a 1 amd64', 'b 1 amd64'), packages('a 1 arm64', 'b 2 arm64')), {
    added: [],
    removed: [],
    changed: [{ name: 'b', before: '1', after: '2' }],
  });
});

test('lists several versions of a package together', () => {
  assert.deepEqual(comparePackages('rpm', packages('kernel 6.1'), packages('kernel 6.2', 'kernel 6.1')).changed, [
    { name: 'kernel', before: '6.1', after: '6.1, 6.2' },
  ]);
});
