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

async function entries(path: string): Promise<readonly DiskEntry[]> {
  const described = await Promise.all((await listDiskFolder(root, path)).map(entry => entry.describe()));
  return described.sort((one, other) => (one.name < other.name ? -1 : 1));
}

test("follows links inside the root, never to the machine's own files", async () => {
  assert.equal(await resolveInRoot(root, 'absolute'), join(root, 'etc/passwd'));
  assert.equal(await resolveInRoot(root, 'lib/a.so'), join(root, 'usr/lib/a.so'));
  assert.equal(await resolveInRoot(root, '../../etc/passwd'), join(root, 'etc/passwd'));
  assert.equal(await resolveInRoot(root, ''), root);
});

test('resolves no link that leaves the root, is circular or dangles', async () => {
  assert.equal(await resolveInRoot(root, 'usr/escape'), undefined);
  assert.equal(await resolveInRoot(root, 'loop'), undefined);
  assert.equal(await resolveInRoot(root, 'dangling'), undefined);
});

test('describes entries and what links lead to', async () => {
  const listed = await entries('');
  assert.deepEqual(
    listed.map(({ name, kind }) => `${name} ${kind}`),
    ['absolute file', 'dangling dangling', 'etc folder', 'lib folder', 'loop dangling', 'pipe special', 'usr folder'],
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

test('lists a folder reached through a link', async () => {
  assert.deepEqual(
    (await entries('/lib')).map(entry => entry.location),
    [join(root, 'usr/lib/a.so')],
  );
});

test('shows an overlay whiteout, which every user may make, as deleted', async () => {
  const folder = join(root, 'devices');
  mkdirSync(folder);
  execFileSync('mknod', [join(folder, 'gone'), 'c', '0', '0']);
  assert.deepEqual(
    (await entries('devices')).map(({ name, kind }) => `${name} ${kind}`),
    ['gone deleted'],
  );
});

test('a missing folder fails with the error of the system', async () => {
  await assert.rejects(listDiskFolder(root, 'nothing'), { code: 'ENOENT' });
});
