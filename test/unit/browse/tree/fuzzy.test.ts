import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuzzyPaths } from '../../../../src/browse/tree/fuzzy.ts';

const PATHS = ['etc/passwd', 'etc/passwd-', 'usr/bin/passwd', 'usr/share/doc/passwd/copyright', 'bin/sh'];

test('ranks names first, then contiguous matches, then scattered letters', () => {
  const paths = new FuzzyPaths(PATHS);
  assert.deepEqual(paths.find('passwd', 10), ['etc/passwd', 'etc/passwd-', 'usr/bin/passwd', PATHS[3]]);
  assert.deepEqual(paths.find('BSH', 10), ['bin/sh']);
  assert.deepEqual(paths.find('zz', 10), []);
});

test('narrows as the user types, widens on deletion, and limits the result', () => {
  const paths = new FuzzyPaths(PATHS);
  assert.equal(paths.find('ec', 10).length, 3);
  assert.deepEqual(paths.find('ec pass-', 10), ['etc/passwd-']);
  assert.deepEqual(paths.find('', 2), ['bin/sh', 'etc/passwd']);
  assert.equal(paths.find('', 10).length, 5);
});
