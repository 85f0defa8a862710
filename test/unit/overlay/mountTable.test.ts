import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  mountOf,
  mountsAt,
  mountsBelow,
  MountTableError,
  parseMounts,
  readMounts,
} from '../../../src/overlay/mountTable.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { must, scratch } from './rig.ts';

const TEXT = String.raw`26 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,errors=continue
41 26 0:33 / /ws/a\040b\011c\134d/merged rw,nosuid,nodev - overlay overlay rw,lowerdir=2:1,upperdir=../up\,per,workdir=../work
42 26 0:34 /sub /ws rw - btrfs /dev/x\040y rw,subvol=/sub
43 41 0:35 / /ws/a\040b\011c\134d/merged/proc rw - proc proc rw
44 26 0:36 / /ws/名前 ro - fuse.fuse-overlayfs fuse-overlayfs rw
45 26 0:37 / /odd rw - tmpfs  
`;

test('every field of a mount table, with its escapes', () => {
  const mounts = parseMounts(TEXT);
  assert.equal(mounts.length, 6);
  assert.deepEqual(mounts[0], {
    id: 26,
    parent: 1,
    device: '254:0',
    root: '/',
    point: '/',
    options: ['rw', 'relatime'],
    tags: ['shared:1', 'master:2'],
    type: 'ext4',
    source: '/dev/root',
    superOptions: ['rw', 'errors=continue'],
  });
  assert.equal(mounts[1]?.point, '/ws/a b\tc\\d/merged');
  assert.deepEqual(mounts[1]?.tags, []);
  assert.equal(mounts[2]?.root, '/sub');
  assert.equal(mounts[2]?.source, '/dev/x y');
  assert.equal(mounts[4]?.point, '/ws/名前');
  assert.deepEqual(mounts[5]?.superOptions, []);
});

test('where a path lies, what is mounted there and below', () => {
  const mounts = parseMounts(TEXT);
  assert.equal(mountOf(mounts, '/ws/a b\tc\\d/merged/etc')?.type, 'overlay');
  assert.equal(mountOf(mounts, '/ws/a')?.type, 'btrfs');
  assert.equal(mountOf(mounts, '/wsx')?.type, 'ext4');
  assert.equal(mountOf([], '/'), undefined);
  assert.equal(mountsAt(mounts, '/ws').length, 1);
  assert.deepEqual(
    mountsBelow(mounts, '/ws/a b\tc\\d/merged').map(mount => mount.type),
    ['proc'],
  );
});

test('what is no mount table is said to be none', () => {
  for (const line of ['hello', '1 2 3 4 5', '26 1 254:0 / / rw - ', '26 1 - x y z']) {
    assert.throws(() => parseMounts(line), MountTableError);
  }
});

test('the kernel escapes what it is expected to', { skip: firstOf(requireRoot(), requireTool('mount')) }, async t => {
  const point = join(scratch(t), 'a b\tc\\d\\040#é,:\'"');
  mkdirSync(point);
  must('mount', '-t', 'tmpfs', 'tmpfs', point);
  const found = mountsAt(await readMounts(), point);
  assert.equal(found[0]?.type, 'tmpfs');
});
