import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followLinks, followLinksAsync, type LastName, type LinkTree } from '../../../src/oci/followLinks.ts';

/** A directory by its entries, a symbolic link by its target, or a file. */
type Node = Directory | string | { readonly file: string };
type Directory = Map<string, Node>;

const TREE: LinkTree<Node, Directory> = {
  child: (directory, name) => directory.get(name),
  isDirectory: node => node instanceof Map,
  target: node => (typeof node === 'string' ? node : undefined),
};

function directory(entries: Record<string, Node>): Directory {
  return new Map(Object.entries(entries));
}

const PASSWD = { file: 'passwd' };
const LIBRARY = { file: 'library' };
const ROOT = directory({
  etc: directory({ passwd: PASSWD }),
  usr: directory({ lib: directory({ 'a.so': LIBRARY, self: '.', up: '..' }), escape: '../../../../etc/passwd' }),
  lib: 'usr/lib',
  absolute: '/etc/passwd',
  root: '/',
  slashes: '//usr///lib/',
  through: 'lib/up/lib/./self/a.so',
  lib64: 'lib',
  loop: 'loop',
  ping: 'pong',
  pong: '/ping',
  dangling: 'nowhere',
  fileSlash: 'etc/passwd/',
  fileUp: 'etc/passwd/../passwd',
  missingUp: 'nowhere/../etc/passwd',
  raw: '\udcff',
  '\udcff': 'etc/\udcfe/passwd',
});

function resolve(path: string, last?: LastName, root = ROOT): Node | undefined {
  return followLinks(root, path.split('/'), TREE, last);
}

/** `l0` is a file, and each `lN` links to the one before. */
function chain(links: number): Directory {
  const root = directory({ l0: PASSWD });
  for (let at = 1; at <= links; at++) root.set(`l${at}`, at % 2 === 0 ? `l${at - 1}` : `/l${at - 1}`);
  return root;
}

test('follows links on the way, relative, absolute, and through other links', () => {
  for (const path of [
    'lib/a.so',
    'lib64/a.so',
    'slashes/a.so',
    'through',
    'lib/self/self/a.so',
    'root/root/lib/a.so',
  ]) {
    assert.equal(resolve(path), LIBRARY, path);
  }
  assert.equal(resolve('absolute'), PASSWD);
  assert.equal(resolve('usr/lib'), resolve('lib'));
});

test('skips empty names and dots', () => {
  assert.equal(resolve(''), ROOT);
  assert.equal(resolve('./usr//./lib/a.so'), LIBRARY);
});

test('never leaves the root, by `..` or by an absolute link', () => {
  assert.equal(resolve('../../../etc/passwd'), PASSWD);
  assert.equal(resolve('..'), ROOT);
  assert.equal(resolve('root/..'), ROOT);
  assert.equal(resolve('usr/escape'), PASSWD);
  const outside = directory({ etc: directory({}), inner: directory({ up: '..', deep: 'up/inner/up/../../victim' }) });
  assert.equal(resolve('inner/deep', 'follow', outside), undefined);
  outside.set('victim', LIBRARY);
  assert.equal(resolve('inner/deep', 'follow', outside), LIBRARY);
});

test('goes up from where a link led, not from where the link is', () => {
  assert.equal(resolve('lib/..'), resolve('usr'));
  assert.equal(resolve('lib/up/escape'), PASSWD);
});

test('keeps the last name unfollowed on request, but not one with a slash or a dot after it', () => {
  assert.equal(resolve('lib', 'keep'), 'usr/lib');
  assert.equal(resolve('loop', 'keep'), 'loop');
  assert.equal(resolve('lib/a.so', 'keep'), LIBRARY);
  assert.equal(resolve('lib/', 'keep'), resolve('usr/lib'));
  assert.equal(resolve('lib/.', 'keep'), resolve('usr/lib'));
});

test('finds nothing behind loops, dangling links, and names that are missing', () => {
  for (const path of ['loop', 'loop/a', 'ping', 'pong/a', 'dangling', 'dangling/a', 'nowhere', 'missingUp']) {
    assert.equal(resolve(path), undefined, path);
  }
});

test('finds nothing below something other than a directory', () => {
  for (const path of ['etc/passwd/x', 'etc/passwd/', 'etc/passwd/..', 'etc/passwd/.', 'fileSlash', 'fileUp']) {
    assert.equal(resolve(path), undefined, path);
  }
});

test('follows 40 links on one path, and refuses the 41st', () => {
  assert.equal(resolve('l40', 'follow', chain(41)), PASSWD);
  assert.equal(resolve('l41', 'follow', chain(41)), undefined);
  assert.equal(resolve('l41', 'keep', chain(41)), '/l40');
  const self = '/self/'.repeat(40);
  assert.equal(resolve(`${self}a`, 'follow', directory({ self: '.', a: PASSWD })), PASSWD);
  assert.equal(resolve(`${self}self/a`, 'follow', directory({ self: '.', a: PASSWD })), undefined);
});

test('a target of many names takes linear time and no deep call stack', () => {
  const target = 'a/../'.repeat(200_000) + 'etc/passwd';
  assert.equal(resolve('long', 'follow', new Map([...ROOT, ['a', directory({})], ['long', target]])), PASSWD);
});

test('tells names apart that are not UTF-8', () => {
  const root = directory({ raw: '\udcff', '\udcff': 'etc/\udcfe', '\udcfe': PASSWD });
  root.set('etc', directory({ '\udcfe': LIBRARY, '\ufffd': PASSWD }));
  assert.equal(resolve('raw', 'follow', root), LIBRARY);
  assert.equal(resolve('raw'), undefined);
});

test('follows links in a tree that is read asynchronously alike', async () => {
  const slow = { ...TREE, child: (folder: Directory, name: string) => Promise.resolve(folder.get(name)) };
  for (const path of ['lib/a.so', 'absolute', 'usr/escape', '../..', 'loop', 'dangling', 'fileUp', 'through', 'raw']) {
    for (const last of ['follow', 'keep'] as const) {
      assert.equal(await followLinksAsync(ROOT, path.split('/'), slow, last), resolve(path, last), path);
    }
  }
});
