import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { mountFailure } from '../../../src/overlay/failures.ts';
import { planMount, planUnmount } from '../../../src/overlay/mountPlan.ts';
import { mountState } from '../../../src/overlay/mountState.ts';
import { namespacesWith } from '../../../src/overlay/mountTable.ts';
import { planFuse, planRootless } from '../../../src/overlay/rootlessPlan.ts';
import { firstOf, requireRoot, requireThat, requireTool } from '../../support/tools.ts';
import {
  busyboxLayer,
  give,
  makeImage,
  makeUser,
  must,
  runInTerminal,
  runPlan,
  scratch,
  type TestUser,
} from './rig.ts';

const skip = firstOf(requireRoot(), requireTool('unshare', 'setpriv', 'script', 'busybox', 'setfattr', 'useradd'));

/**
 * A base with busybox; on top a changed file, a deleted one and an opaque directory, as a normal
 * user can mark them.
 */
function userImage(outer: string, user: TestUser, name = 'my "image", 1:2'): string {
  const folder = makeImage(
    join(outer, name),
    base => {
      busyboxLayer(base);
      mkdirSync(join(base, 'opt'));
      writeFileSync(join(base, 'opt/old'), '');
      writeFileSync(join(base, 'gone'), '');
    },
    top => {
      mkdirSync(join(top, 'opt'));
      writeFileSync(join(top, 'opt/new'), '');
      must('mknod', join(top, 'gone'), 'c', '0', '0');
      must('setfattr', '-n', 'user.overlay.opaque', '-v', 'y', join(top, 'opt'));
    },
  );
  give(outer, user);
  return folder;
}

describe('in a namespace of its own, without sudo', { skip }, () => {
  test('a normal user sees the merged image, writes to upper, and leaves no mount', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(scratch(t), user);
    const script = 'ls; ls opt; id -u; echo mine >written';
    const plan = planRootless({ folder, layers: 2, command: ['sh', '-c', script] });
    const { code, output } = await runPlan(plan, { user });
    assert.equal(code, 0, output);
    for (const line of plan.lines) assert.ok(output.includes(`+ ${line}\n`), output);
    assert.ok(output.endsWith('bin\nopt\ntmp\nnew\n0\n'), output);
    assert.equal(readFileSync(join(folder, 'overlay/upper/written'), 'utf8'), 'mine\n');
    assert.equal(statSync(join(folder, 'overlay/upper/written')).uid, user.uid);
    assert.equal((await mountState(folder)).state, 'not mounted');
    assert.deepEqual(readdirSync(join(folder, 'merged')), []);
  });

  test("in a terminal: the person's shell, or the image's; the mount is found in its namespace", async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(scratch(t), user);
    const inHost = await runInTerminal(planRootless({ folder, layers: 2 }), user, [
      { prompt: /# /, text: 'pwd; exit 3\n' },
    ]);
    assert.equal(inHost.code, 0, inHost.output);
    assert.ok(inHost.output.includes(`\n${folder}/merged\n`), inHost.output);
    const inImage = await runInTerminal(planRootless({ folder, layers: 2, inImage: true, path: '/bin' }), user, [
      { prompt: /# /, text: 'pwd; ls -l /tmp/.. | cat; exit\n' },
    ]);
    assert.equal(inImage.code, 0, inImage.output);
    assert.match(inImage.output, /\n\/\n/);
    assert.match(inImage.output, /its mount have ended/);

    const plan = planRootless({ folder, layers: 2, command: ['sh', '-c', 'echo rea""dy; exec sleep 600'] });
    const child = spawn(plan.shell, [...plan.args], {
      env: { ...process.env, ...plan.env },
      uid: user.uid,
      gid: user.gid,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const ended = once(child, 'close');
    // Whichever of the processes in the namespace was found and ended: the others must not stay.
    t.after(async () => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // All have ended already.
      }
      await ended;
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes('\nready\n')) break;
    }
    assert.equal((await mountState(folder)).state, 'not mounted');
    const found = await namespacesWith(join(folder, 'merged'));
    assert.equal(found.length, 1);
    process.kill(found[0]!);
  });

  test('where namespaces are forbidden, it is said', async t => {
    const user = makeUser(t, { sudo: false });
    const outer = scratch(t);
    const folder = userImage(outer, user);
    // A kernel that forbids them makes unshare(1) fail just so.
    mkdirSync(join(outer, 'bin'));
    writeFileSync(join(outer, 'bin/unshare'), '#!/bin/sh\necho "unshare: Operation not permitted" >&2\nexit 1\n');
    chmodSync(join(outer, 'bin/unshare'), 0o755);
    const { code, output } = await runPlan(planRootless({ folder, layers: 2 }), {
      user,
      env: { PATH: `${outer}/bin:${process.env['PATH'] ?? ''}` },
    });
    assert.equal(code, mountFailure('no-namespaces').code, output);
    // And where only the mount in them is: an AppArmor profile does that.
    writeFileSync(join(outer, 'bin/unshare'), '#!/bin/sh\nshift\nexec "$@"\n');
    const denied = await runPlan(planRootless({ folder, layers: 2 }), {
      user,
      env: { PATH: `${outer}/bin:${process.env['PATH'] ?? ''}` },
    });
    assert.equal(denied.code, mountFailure('no-namespaces').code, denied.output);
  });

  test('an image that is mounted already, or was mounted by root before', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(scratch(t), user);
    const options = { nosuidNodev: true, restoreOwnership: false, userxattr: true };
    await runPlan(planMount({ folder, layers: 2, options }));
    give(join(folder, 'overlay'), user);
    const twice = await runPlan(planRootless({ folder, layers: 2 }), { user });
    assert.equal(twice.code, mountFailure('already-mounted').code, twice.output);
    await runPlan(planUnmount({ folder }));
    must('chown', '-h', '0:0', join(folder, 'overlay/work/work'));
    const later = await runPlan(planRootless({ folder, layers: 2, command: ['ls', 'opt'] }), { user });
    assert.equal(later.code, 0, later.output);
  });
});

const noFuse = firstOf(
  skip,
  requireTool('fuse-overlayfs', 'fusermount3'),
  requireThat(existsSync('/dev/fuse'), '/dev/fuse not there'),
);

describe('by fuse-overlayfs', { skip: noFuse }, () => {
  test('mounts, shows whiteouts and opaque directories, writes to upper, unmounts by fusermount', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(scratch(t), user, 'my "image", 1');
    const { mode } = statSync('/dev/fuse');
    // Where only root may use the device (as in some virtual machines), root stands in for the
    // user.
    const run = (mode & 0o006) === 0o006 ? { user } : {};
    const { code, output } = await runPlan(planFuse({ folder, layers: 2 }), run);
    assert.equal(code, 0, output);
    const state = await mountState(folder);
    assert.equal(state.kind, 'fuse-overlayfs');
    if (run.user === undefined) {
      assert.deepEqual(readdirSync(join(folder, 'merged')), ['bin', 'opt', 'tmp']);
      assert.deepEqual(readdirSync(join(folder, 'merged/opt')), ['new']);
      writeFileSync(join(folder, 'merged/written'), 'mine');
      assert.equal(readFileSync(join(folder, 'overlay/upper/written'), 'utf8'), 'mine');
    }
    const again = await runPlan(planFuse({ folder, layers: 2 }), run);
    assert.equal(again.code, mountFailure('already-mounted').code);
    const ended = await runPlan(planUnmount({ folder, fuse: true }), run);
    assert.equal(ended.code, 0, ended.output);
    assert.match(ended.output, /\+ fusermount3 -u /);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });

  test('a folder with a colon in its path, which fuse-overlayfs cannot take, is refused with the reason', async t => {
    const folder = makeImage(join(scratch(t), 'a:b'), busyboxLayer);
    const { code, output } = await runPlan(planFuse({ folder, layers: 1 }));
    assert.equal(code, mountFailure('fuse-colon').code, output);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });

  test('a mount whose program died is seen as dead, and can be unmounted', async t => {
    const folder = makeImage(join(scratch(t), 'image'), busyboxLayer);
    for (const name of ['merged', 'overlay/upper', 'overlay/work']) mkdirSync(join(folder, name), { recursive: true });
    const options = 'lowerdir=1,upperdir=../overlay/upper,workdir=../overlay/work';
    const child = spawn('fuse-overlayfs', ['-f', '-o', options, '../merged'], {
      cwd: join(folder, 'layers'),
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    while (!(await mountState(folder)).mounted) await setTimeout(10);
    assert.equal((await mountState(folder)).alive, true);
    child.kill('SIGKILL');
    await ended;
    const state = await mountState(folder);
    assert.equal(state.state, 'mounted');
    assert.equal(state.alive, false);
    const { code, output } = await runPlan(planUnmount({ folder }));
    assert.equal(code, 0, output);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });
});
