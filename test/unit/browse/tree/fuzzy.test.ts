import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuzzyPaths } from '../../../../src/browse/tree/fuzzy.ts';

const PATHS = ['etc/passwd', 'etc/passwd-', 'usr/bin/passwd', 'usr/share/doc/passwd/copyright', 'bin/sh'];

test('names come first, then whole parts, then letters in their order', () => {
  const paths = new FuzzyPaths(PATHS);
  assert.deepEqual(paths.find('passwd', 10), ['etc/passwd', 'etc/passwd-', 'usr/bin/passwd', PATHS[3]]);
  assert.deepEqual(paths.find('BSH', 10), ['bin/sh']);
  assert.deepEqual(paths.find('zz', 10), []);
});

test('typing on narrows, deleting widens, and only as many as asked for are given', () => {
  const paths = new FuzzyPaths(PATHS);
  assert.equal(paths.find('ec', 10).length, 3);
  assert.deepEqual(paths.find('ec pass-', 10), ['etc/passwd-']);
  assert.deepEqual(paths.find('', 2), ['bin/sh', 'etc/passwd']);
  assert.equal(paths.find('', 10).length, 5);
});
