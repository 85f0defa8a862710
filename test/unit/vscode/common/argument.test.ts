import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentOf, InvalidArgumentError, isInteractive } from '../../../../src/vscode/common/argument.ts';
import { authorityOf, InvalidFileUriError } from '../../../../src/vscode/common/fileLocation.ts';

const uri = (path: string, scheme = 'file') => ({ scheme, authority: '', path, query: '', fragment: '', fsPath: path });

test('nothing at all leaves every question to be asked', () => {
  assert.deepEqual(argumentOf(undefined), {});
  assert.deepEqual(argumentOf(null), {});
});

test("a tree node stands for its argument, the Explorer's Uri for a folder, a text for a reference", () => {
  const argument = { reference: 'docker.io/library/busybox:latest', layer: 2 };
  assert.deepEqual(argumentOf({ id: 'x', argument, children: () => [] }), argument);
  assert.deepEqual(argumentOf(uri('/w/images/a')), { folder: '/w/images/a' });
  assert.deepEqual(argumentOf('busybox'), { reference: 'busybox' });
});

test('a Uri of our own scheme stands for a file of an image', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const reference = `127.0.0.1:5000/Demo:V1@${digest}`.toLowerCase().replace(':v1', ':V1');
  const authority = authorityOf([reference, 'linux/arm64/v8', '3']);
  assert.match(authority, /^[a-z0-9._~-]+$/);
  const given = { ...uri('/etc/a b', 'peel'), authority };
  assert.deepEqual(argumentOf(given), { reference, platform: 'linux/arm64/v8', layer: 3, path: 'etc/a b' });
  assert.ok(isInteractive(given));
  assert.throws(() => argumentOf(uri('/etc', 'peel')), InvalidFileUriError);
});

test('an object is taken field by field, and what is no field of ours is left out', () => {
  const given = {
    reference: 'a',
    platform: 'linux/arm64',
    layer: 'sha256:00',
    folder: uri('/f'),
    target: '/t',
    insecure: false,
    mirrors: ['m'],
    more: 1,
  };
  assert.deepEqual(argumentOf(given), {
    reference: 'a',
    platform: 'linux/arm64',
    layer: 'sha256:00',
    folder: '/f',
    target: '/t',
    insecure: false,
    mirrors: ['m'],
  });
});

test('a Uri may come as a text, too', () => {
  assert.deepEqual(argumentOf({ folder: 'file:///w/a%20b%3Ac', target: 'file:///t/' }), {
    folder: '/w/a b:c',
    target: '/t/',
  });
  assert.deepEqual(argumentOf({ folder: 'file:/x' }), { folder: 'file:/x' }, 'a folder may have any name');
});

test('a field of a wrong type is refused by its name', () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ reference: 7 }, 'reference'],
    [{ layer: 0 }, 'layer'],
    [{ layer: 1.5 }, 'layer'],
    [{ layer: '' }, 'layer'],
    [{ insecure: 'yes' }, 'insecure'],
    [{ mirrors: 'm' }, 'mirrors'],
    [{ mirrors: [1] }, 'mirrors'],
    [{ folder: {} }, 'folder'],
    [{ folder: 'file:///a%2Fb' }, 'folder'],
    [{ target: uri('/x', 'vscode-vfs') }, 'target'],
  ];
  for (const [given, field] of wrong) {
    assert.throws(
      () => argumentOf(given),
      (error: unknown) => error instanceof InvalidArgumentError && error.field === field,
      JSON.stringify(given),
    );
  }
  assert.throws(() => argumentOf(7), InvalidArgumentError);
});

test('menus and the palette are a person, an object is a program', () => {
  assert.equal(isInteractive(undefined), true);
  assert.equal(isInteractive({ argument: {} }), true);
  assert.equal(isInteractive(uri('/f')), true);
  assert.equal(isInteractive({ reference: 'a' }), false);
  assert.equal(isInteractive({}), false);
});
