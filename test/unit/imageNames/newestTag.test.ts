import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVersion, newerTags } from '../../../src/imageNames/newestTag.ts';

test('a newer tag has as many numbers and the same suffix', () => {
  const tags = ['1.25-alpine', '1.26-alpine', '1.27-alpine', '1.27.1-alpine', '1.27.1', '1.27', '1.28-alpine-perl'];
  assert.deepEqual(newerTags('1.25-alpine', tags), { newest: '1.27-alpine' });
  assert.deepEqual(newerTags('1.25', tags), { newest: '1.27' });
  assert.deepEqual(newerTags('1.27-alpine', tags), {});
  assert.deepEqual(newerTags('1.9', ['1.10', '1.9']), { newest: '1.10' });
});

test('a higher version in the suffix is a second offer', () => {
  const tags = ['3.12-alpine3.18', '3.12-alpine3.20', '3.13-alpine3.18', '3.13-alpine3.19', '3.13-slim3.20'];
  assert.deepEqual(newerTags('3.12-alpine3.18', tags), { newest: '3.13-alpine3.18', newestSuffix: '3.13-alpine3.19' });
});

test('a pre-release never replaces a release', () => {
  assert.deepEqual(newerTags('3.7.0', ['3.8.0b1', '3.8.0-rc1']), {});
  assert.deepEqual(newerTags('3.8.0b1', ['3.8.0b2', '3.8.0']), { newest: '3.8.0' });
  assert.deepEqual(newerTags('3.8.0b1', ['3.8.0b10', '3.8.0b2']), { newest: '3.8.0b10' });
});

test('dates are compared with dates only', () => {
  assert.deepEqual(newerTags('3', ['20240101', '4']), { newest: '4' });
  assert.deepEqual(newerTags('20230101', ['20240101', '20240102123456', '4']), { newest: '20240101' });
  assert.deepEqual(newerTags('22.04', ['2024.01', '24.04']), { newest: '24.04' });
});

test('hashes, names and latest are no versions', () => {
  for (const tag of ['latest', 'bookworm', '1a2b3c4', 'deadbeef1', 'sha256-abc'])
    assert.equal(isVersion(tag), false, tag);
  assert.deepEqual(newerTags('latest', ['1', '2']), {});
  assert.deepEqual(newerTags('1234567', ['7654321', 'fedcba9']), { newest: '7654321' });
});

test('the way a version is written is kept where both exist', () => {
  assert.deepEqual(newerTags('v1.2', ['v1.3', '1.3']), { newest: 'v1.3' });
  assert.deepEqual(newerTags('1.2', ['v1.3', '1.3']), { newest: '1.3' });
  assert.deepEqual(newerTags('1.2', ['v1.3']), { newest: 'v1.3' });
});

test('very long numbers are compared by value', () => {
  assert.deepEqual(newerTags(`1.${'9'.repeat(25)}`, [`1.1${'0'.repeat(25)}`, '1.2']), {
    newest: `1.1${'0'.repeat(25)}`,
  });
});
