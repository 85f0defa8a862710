import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listDiskFolder, type DiskEntry } from '../../../../src/vscode/imagesView/diskFolder.ts';
import { resolveInRoot } from '../../../../src/vscode/imagesView/resolveInRoot.ts';

let base: string;
let root: string;

before(() => {
  base = mkdtempSync(join(tmpdir(), 'peel-disk-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'usr/lib'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(base, 'victim'), 'outside');
  writeFileSync(join(root, 'etc/passwd'), 'inside');
  writeFileSync(join(root, 'usr/lib/a.so'), 'so');
  symlinkSync('usr/lib', join(root, 'lib'));
  symlinkSync('/etc/passwd', join(root, 'absolute'));
  symlinkSync('../../../../victim', join(root, 'usr/escape'));
  symlinkSync('loop', join(root, 'loop'));
  symlinkSync('nowhere', join(root, 'dangling'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
});

after(() => rmSync(base, { recursive: true, force: true }));

async function entries(path: string, filter: (name: string) => boolean = () => true): Promise<readonly DiskEntry[]> {
  return (await listDiskFolder(root, path, filter, undefined)).items;
}

test("links are followed as the image means them, never to the machine's own files", async () => {
  assert.equal(await resolveInRoot(root, 'absolute'), join(root, 'etc/passwd'));
  assert.equal(await resolveInRoot(root, 'lib/a.so'), join(root, 'usr/lib/a.so'));
  assert.equal(await resolveInRoot(root, '../../etc/passwd'), join(root, 'etc/passwd'));
  assert.equal(await resolveInRoot(root, ''), root);
});

test('a link that would leave the root, runs in a circle or dangles leads nowhere', async () => {
  assert.equal(await resolveInRoot(root, 'usr/escape'), undefined);
  assert.equal(await resolveInRoot(root, 'loop'), undefined);
  assert.equal(await resolveInRoot(root, 'dangling'), undefined);
});

test('a folder is listed folders first, with what its links lead to', async () => {
  const listed = await entries('');
  assert.deepEqual(
    listed.map(({ name, kind }) => `${name} ${kind}`),
    ['etc folder', 'usr folder', 'absolute file', 'dangling dangling', 'lib folder', 'loop dangling', 'pipe special'],
  );
  const absolute = listed.find(({ name }) => name === 'absolute');
  assert.deepEqual(absolute, {
    name: 'absolute',
    kind: 'file',
    size: 6,
    linkTarget: '/etc/passwd',
    location: join(root, 'etc/passwd'),
  });
});

test('a folder behind a link is listed, and a filter narrows the names', async () => {
  assert.deepEqual(
    (await entries('/lib')).map(entry => entry.location),
    [join(root, 'usr/lib/a.so')],
  );
  assert.deepEqual(
    (await entries('', name => name.startsWith('e'))).map(({ name }) => name),
    ['etc'],
  );
});

test('an overlay whiteout, which every user may make, shows as deleted', async () => {
  const folder = join(root, 'devices');
  mkdirSync(folder);
  execFileSync('mknod', [join(folder, 'gone'), 'c', '0', '0']);
  assert.deepEqual(
    (await entries('devices')).map(({ name, kind }) => `${name} ${kind}`),
    ['gone deleted'],
  );
});

test('a huge folder comes part by part, in natural order', async () => {
  const folder = join(root, 'many');
  mkdirSync(folder);
  for (let number = 0; number < 1_200; number += 1) writeFileSync(join(folder, `file${number}`), '');
  const names: string[] = [];
  let cursor: string | undefined;
  let parts = 0;
  do {
    const page = await listDiskFolder(root, 'many', () => true, cursor);
    names.push(...page.items.map(({ name }) => name));
    cursor = page.next;
    parts += 1;
  } while (cursor !== undefined);
  assert.equal(parts, 3);
  assert.equal(names.length, 1_200);
  assert.deepEqual(names.slice(0, 3), ['file0', 'file1', 'file2']);
  assert.equal(names.at(-1), 'file1199');
});

test('a folder that is not there fails as the system does', async () => {
  await assert.rejects(
    listDiskFolder(root, 'nothing', () => true, undefined),
    { code: 'ENOENT' },
  );
});
