import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MountWatch } from '../../../../src/vscode/images/mountWatch.ts';

/** A watch on a list of mounts that the test writes, and the number of changes it reported. */
function watchOn(first: string): { watch: MountWatch; mounts: (list: string) => void; told: () => number } {
  let list = first;
  let told = 0;
  const watch = new MountWatch(
    () => (told += 1),
    async () => list,
  );
  return { watch, mounts: next => (list = next), told: () => told };
}

const nothing = async (): Promise<void> => undefined;

test('reports a new mount and an unmount once each', async () => {
  const { watch, mounts, told } = watchOn('a');
  await watch.whileShowing(nothing);
  await watch.look();
  assert.equal(told(), 0);
  mounts('a b');
  await watch.look();
  await watch.look();
  assert.equal(told(), 1);
  await watch.whileShowing(nothing);
  mounts('a');
  await watch.look();
  assert.equal(told(), 2);
});

test('reports a mount that was shown between two polls and is gone by the next', async () => {
  const { watch, mounts, told } = watchOn('a');
  await watch.look();
  const before = told();
  mounts('a b');
  await watch.whileShowing(nothing);
  mounts('a');
  await watch.look();
  assert.equal(told(), before + 1);
});

test('reports again what changed while it was being shown', async () => {
  const { watch, mounts, told } = watchOn('a');
  await watch.whileShowing(async () => mounts('a b'));
  await watch.look();
  assert.equal(told(), 1);
});

test('reports nothing if the system has no such list', async () => {
  let told = 0;
  const watch = new MountWatch(
    () => (told += 1),
    async () => {
      throw new Error('no /proc');
    },
  );
  assert.equal(await watch.whileShowing(async () => 'shown'), 'shown');
  await watch.look();
  assert.equal(told, 0);
});
