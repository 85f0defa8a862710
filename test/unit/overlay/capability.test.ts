import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeMachine, probeOverlay, type MachineFacts } from '../../../src/overlay/capability.ts';
import { requireThat } from '../../support/tools.ts';
import { scratch } from './rig.ts';

const GOOD: MachineFacts = {
  platform: 'linux',
  root: false,
  sudo: true,
  noNewPrivileges: false,
  mayMount: true,
  overlay: 'present',
  kernel: [6, 1],
  wsl: false,
  disk: 'ext4',
  namespaces: true,
  fuseOverlayfs: true,
};

const CASES: readonly [string, Partial<MachineFacts>, readonly string[], string | undefined][] = [
  ['all is there', {}, ['sudo', 'rootless', 'fuse', 'merged'], undefined],
  ['root', { root: true, sudo: false, noNewPrivileges: true }, ['root', 'rootless', 'fuse', 'merged'], undefined],
  ['the module is not loaded yet', { overlay: 'loadable' }, ['sudo', 'rootless', 'fuse', 'merged'], undefined],
  ['no sudo', { sudo: false }, ['rootless', 'fuse', 'merged'], 'no-sudo'],
  ['a sandbox', { noNewPrivileges: true, namespaces: false }, ['fuse', 'merged'], 'sudo-blocked'],
  [
    'a container',
    { root: true, mayMount: false, namespaces: false, fuseOverlayfs: false },
    ['merged'],
    'not-permitted',
  ],
  ['a container with namespaces', { mayMount: false, fuseOverlayfs: false }, ['rootless', 'merged'], 'not-permitted'],
  ['no overlay', { overlay: 'missing' }, ['fuse', 'merged'], 'no-overlay'],
  ['an old kernel', { kernel: [5, 10] }, ['fuse', 'merged'], 'kernel-too-old'],
  ['WSL on the Windows disk', { wsl: true, disk: '9p' }, ['merged'], 'unfit-disk'],
  ["a container's own disk", { disk: 'overlay' }, ['fuse', 'merged'], 'unfit-disk'],
  ['macOS', { platform: 'darwin' }, ['merged'], undefined],
  ['Windows', { platform: 'win32' }, ['merged'], undefined],
];

for (const [name, change, ways, reason] of CASES) {
  test(`the ways: ${name}`, () => {
    const { ways: offered, obstacle, explanation } = judgeMachine({ ...GOOD, ...change });
    assert.deepEqual(offered, ways);
    assert.equal(obstacle?.reason, reason);
    assert.match(explanation, /merged folder/);
    if (change.wsl === true) assert.match(explanation, /\/mnt\/c/);
  });
}

test(
  'this machine is looked at, and the disk of a folder that is still to be made',
  { skip: requireThat(process.platform === 'linux', 'needs Linux') },
  async t => {
    const { facts, ways } = await probeOverlay(join(scratch(t), 'not/yet/there'));
    assert.equal(facts.root, process.getuid?.() === 0);
    assert.ok(facts.kernel[0] >= 3);
    assert.notEqual(facts.disk, undefined);
    assert.equal(ways.at(-1), 'merged');
  },
);
