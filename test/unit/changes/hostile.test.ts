import assert from 'node:assert/strict';
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { NothingChangedError, UnusableChangesError } from '../../../src/changes/errors.ts';
import { image, layer } from '../../support/image.ts';
import { setUpPulling } from '../../support/pulling.ts';
import { directory, file } from '../../support/tar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { scratch, unmountBelow } from '../overlay/rig.ts';
import { changeLines, commitTo, mount, shell, unmount } from './changing.ts';

const skip = firstOf(requireRoot(), requireTool('setfattr', 'mount', 'tar'));
const { registry, pulling } = await setUpPulling();
registry.store.put('app', image({ layers: [layer([directory('d/'), file('d/a', 'a'), file('b', 'b')])] }), 'v1');

async function pulled(t: TestContext): Promise<string> {
  const { folder } = await pulling.pull(`${registry.host}/app:v1`, 'hostile');
  t.after(() => unmountBelow(folder));
  return folder;
}

describe('an upper directory that has no honest form in a layer', { skip }, () => {
  for (const [what, script, path] of [
    ['a renamed directory', 'mkdir e; setfattr -n trusted.overlay.redirect -v /d e', 'e'],
    ['a redirect of a mount with userxattr', 'mkdir e; setfattr -n user.overlay.redirect -v /d e', 'e'],
    ['a file without content', 'truncate -s 1 b; setfattr -n user.overlay.metacopy -v x b', 'b'],
    ['a name that means a deletion', 'mkdir e; echo x >e/.wh.b', 'e/.wh.b'],
    ['a name that means an opaque directory', 'mkdir e; echo x >e/.wh..wh..opq', 'e/.wh..wh..opq'],
    [
      'marks of two kinds of mounts',
      'mkdir d e; setfattr -n user.overlay.opaque -v y d; setfattr -n trusted.overlay.opaque -v y e',
      'e',
    ],
  ] as const)
    test(`${what} is refused with its path`, async t => {
      const folder = await pulled(t);
      shell(join(folder, 'overlay/upper'), script);
      await assert.rejects(changeLines(folder), { name: 'UnusableChangesError', path });
      await assert.rejects(commitTo(join(scratch(t), 'layout'), folder), UnusableChangesError);
    });

  for (const part of ['overlay', 'overlay/upper', 'layers', 'layers/1'])
    test(`a link in the place of ${part} is not followed`, async t => {
      const folder = await pulled(t);
      renameSync(join(folder, part), join(folder, 'elsewhere'));
      symlinkSync(join(folder, 'elsewhere'), join(folder, part));
      await assert.rejects(changeLines(folder), UnusableChangesError);
    });

  test('a private attribute of the overlay, empty files as whiteouts and stray whiteouts change nothing else', async t => {
    const folder = await pulled(t);
    shell(
      join(folder, 'overlay/upper'),
      'mkdir d n; setfattr -n user.overlay.opaque -v x d; touch d/a; setfattr -n user.overlay.whiteout -v y d/a; mknod n/never c 0 0; setfattr -n user.overlay.overlay.mine -v z n',
    );
    assert.deepEqual(await changeLines(folder), ['D d/a file 1', 'A n directory']);
  });

  test('whiteouts that share one file stay deletions', async t => {
    const folder = await pulled(t);
    shell(await mount(folder), 'rm -r d b');
    await unmount(folder);
    assert.deepEqual(await changeLines(folder), ['D b file 1', 'D d directory']);
  });

  test('nothing to commit is said, and nothing is left of it', async t => {
    const folder = await pulled(t);
    shell(await mount(folder), 'touch -a b; chmod 644 b; echo x >new; rm new');
    await unmount(folder);
    assert.deepEqual(await changeLines(folder), []);
    await assert.rejects(commitTo(join(scratch(t), 'layout'), folder), NothingChangedError);
  });
});
