import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFilter } from '../../../src/search/pathFilter.ts';

const paths = ['etc/passwd', 'etc/apt/sources.list', 'usr/etc/x.conf', 'usr/lib/a.js', 'usr/lib/b.json', '.profile'];
const passing = (include?: string, exclude?: string): string[] => paths.filter(pathFilter(include, exclude));

test('matches names at any depth, and folders with everything in them', () => {
  assert.deepEqual(passing(), paths);
  assert.deepEqual(passing(' , '), paths);
  assert.deepEqual(passing('*.js'), ['usr/lib/a.js']);
  assert.deepEqual(passing('*.{js,json}, passwd'), ['etc/passwd', 'usr/lib/a.js', 'usr/lib/b.json']);
  assert.deepEqual(passing('etc'), ['etc/passwd', 'etc/apt/sources.list', 'usr/etc/x.conf']);
  assert.deepEqual(passing('usr/lib/'), ['usr/lib/a.js', 'usr/lib/b.json']);
  assert.deepEqual(passing('lib/**'), ['usr/lib/a.js', 'usr/lib/b.json']);
  assert.deepEqual(passing('.*'), ['.profile']);
});

test('takes a leading slash for the root of the image', () => {
  assert.deepEqual(passing('/etc'), ['etc/passwd', 'etc/apt/sources.list']);
  assert.deepEqual(passing('./etc/*'), ['etc/passwd', 'etc/apt/sources.list']);
  assert.deepEqual(passing('/*'), paths);
  assert.deepEqual(passing('/'), paths);
  assert.deepEqual(passing('/lib'), []);
});

test('lets exclude win over include', () => {
  assert.deepEqual(passing('etc', 'apt, *.conf'), ['etc/passwd']);
  assert.deepEqual(passing('', '/usr'), ['etc/passwd', 'etc/apt/sources.list', '.profile']);
});
