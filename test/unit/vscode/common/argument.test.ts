import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentOf, InvalidArgumentError, isInteractive } from '../../../../src/vscode/common/argument.ts';
import { authorityOf, InvalidFileUriError } from '../../../../src/vscode/common/fileLocation.ts';

const uri = (path: string, scheme = 'file') => ({ scheme, authority: '', path, query: '', fragment: '', fsPath: path });

test('a missing argument leaves every field unset', () => {
  assert.deepEqual(argumentOf(undefined), {});
  assert.deepEqual(argumentOf(null), {});
});

test("a row has its argument, the Explorer's Uri is a folder, a string is a reference", () => {
  const argument = { reference: 'docker.io/library/busybox:latest', layer: 2 };
  assert.deepEqual(argumentOf({ id: 'x', argument, children: () => [] }), argument);
  assert.deepEqual(argumentOf(uri('/w/images/a')), { folder: '/w/images/a' });
  assert.deepEqual(argumentOf('busybox'), { reference: 'busybox' });
});

test('a Uri of our own scheme names a file of an image', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const reference = `127.0.0.1:5000/Demo:V1@${digest}`.toLowerCase().replace(':v1', ':V1');
  const authority = authorityOf([reference, 'linux/arm64/v8', '3'], 'demo:V1 (new)/layer-3');
  const [code = '', shown] = authority.split('+');
  assert.match(code, /^[a-z0-9._~-]+$/);
  assert.equal(shown, 'demo:V1--new--layer-3');
  const given = { ...uri('/etc/a b', 'peel'), authority };
  assert.deepEqual(argumentOf(given), { reference, platform: 'linux/arm64/v8', layer: 3, path: 'etc/a b' });
  assert.deepEqual(argumentOf({ ...given, authority: code }), argumentOf(given), 'the name is only there to be read');
  assert.ok(isInteractive(given));
  assert.throws(() => argumentOf(uri('/etc', 'peel')), InvalidFileUriError);
});

test('reads an object field by field and ignores unknown fields', () => {
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

test('accepts a Uri written as a string', () => {
  assert.deepEqual(argumentOf({ folder: 'file:///w/a%20b%3Ac', target: 'file:///t/' }), {
    folder: '/w/a b:c',
    target: '/t/',
  });
  assert.deepEqual(argumentOf({ folder: 'file:/x' }), { folder: 'file:/x' }, 'a folder may have any name');
});

test('refuses a field of the wrong type, by name', () => {
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

test('menus and the palette are interactive, an object is not', () => {
  assert.equal(isInteractive(undefined), true);
  assert.equal(isInteractive({ argument: {} }), true);
  assert.equal(isInteractive(uri('/f')), true);
  assert.equal(isInteractive({ reference: 'a' }), false);
  assert.equal(isInteractive({}), false);
});
