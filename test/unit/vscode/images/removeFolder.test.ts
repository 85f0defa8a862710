import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile, link } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  FolderIsLinkError,
  folderSize,
  refuseLink,
  removeOwnFolder,
} from '../../../../src/vscode/images/removeFolder.ts';

let base = '';
let folder = '';

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'peel-remove-'));
  folder = join(base, 'image');
  for (const part of ['layers/1/etc', 'overlay/upper', 'overlay/work/work', 'merged', 'blobs/sha256'])
    await mkdir(join(folder, part), { recursive: true });
  for (const file of ['peel.json', 'oci-layout', 'index.json', 'layers/1.json', 'layers/1/etc/passwd'])
    await writeFile(join(folder, file), 'x');
});
afterEach(() => rm(base, { recursive: true, force: true }));

test('removes everything that a pull and a mount made, even read-only folders', async () => {
  await chmod(join(folder, 'layers/1/etc'), 0o555);
  await chmod(join(folder, 'overlay/work/work'), 0);
  assert.equal(await removeOwnFolder(folder), true);
  assert.deepEqual(await readdir(base), []);
});

test("keeps the user's files and their folder", async () => {
  await writeFile(join(folder, 'notes.txt'), 'mine');
  assert.equal(await removeOwnFolder(folder), true);
  assert.deepEqual(await readdir(folder), ['notes.txt']);
});

test('removes links but not their targets', async () => {
  const victim = join(base, 'victim');
  await mkdir(join(victim, 'deep'), { recursive: true });
  await chmod(victim, 0o555);
  await symlink(victim, join(folder, 'layers/1/out'));
  await rm(join(folder, 'merged'), { recursive: true });
  await symlink(victim, join(folder, 'merged'));
  assert.equal(await removeOwnFolder(folder), true);
  assert.deepEqual(await readdir(base), ['victim']);
  assert.deepEqual(await readdir(victim), ['deep']);
  assert.equal((await lstat(victim)).mode & 0o777, 0o555);
});

test('refuses a folder that is only a link', async () => {
  const link = join(base, 'link');
  await symlink(folder, link);
  const before = await readdir(folder, { recursive: true });
  await assert.rejects(
    refuseLink(link),
    (error: unknown) => error instanceof FolderIsLinkError && error.message.includes(`a symbolic link to ${folder}`),
  );
  await refuseLink(folder);
  assert.deepEqual(await readdir(folder, { recursive: true }), before);
});

test('counts no blobs that the cache holds too', async () => {
  await writeFile(join(folder, 'blobs/sha256/own'), Buffer.alloc(20_000, 1));
  const before = await folderSize(folder);
  await writeFile(join(base, 'cached'), Buffer.alloc(500_000, 1));
  await link(join(base, 'cached'), join(folder, 'blobs/sha256/shared'));
  assert.ok(before >= 20_000);
  assert.equal(await folderSize(folder), before);
  // Names of one file that are all inside the folder.
  await writeFile(join(folder, 'layers/1/tool'), Buffer.alloc(100_000, 1));
  await link(join(folder, 'layers/1/tool'), join(folder, 'layers/1/etc/tool'));
  const more = (await folderSize(folder)) - before;
  assert.ok(more >= 100_000 && more < 200_000, String(more));
  assert.equal(await folderSize(join(base, 'missing')), 0);
});
