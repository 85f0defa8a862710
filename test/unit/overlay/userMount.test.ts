import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { mountFailure } from '../../../src/overlay/failures.ts';
import { planMount, planUnmount } from '../../../src/overlay/mountPlan.ts';
import { mountState } from '../../../src/overlay/mountState.ts';
import { planRemove } from '../../../src/overlay/removePlan.ts';
import { planShell } from '../../../src/overlay/shellPlan.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import {
  busyboxLayer,
  give,
  makeImage,
  makeUser,
  occupy,
  runInTerminal,
  runPlan,
  scratch,
  type TestUser,
} from './rig.ts';

const OPTIONS = { nosuidNodev: true, restoreOwnership: false, userxattr: true };
const ASKED = /\[sudo\][^\n]*: ?/;
const skip = firstOf(requireRoot(), requireTool('sudo', 'script', 'setpriv', 'useradd', 'chpasswd', 'busybox'));

function userImage(outer: string, user: TestUser): string {
  const folder = makeImage(join(outer, "me's image"), busyboxLayer, layer => writeFileSync(join(layer, 'top'), 'top'));
  give(outer, user);
  return folder;
}

describe('a normal user with sudo and a password, in a terminal', { skip }, () => {
  test('mounts, looks in by a shell, unmounts, removes; the password is asked there and seen nowhere', async t => {
    const user = makeUser(t);
    const outer = scratch(t);
    const folder = userImage(outer, user);
    const password = { prompt: ASKED, text: `${user.password}\n` };

    const mount = planMount({ folder, layers: 2, options: OPTIONS, root: false });
    const mounted = await runInTerminal(mount, user, [password]);
    assert.equal(mounted.code, 0, mounted.output);
    for (const line of mount.lines) assert.ok(mounted.output.includes(`+ ${line}\n`), mounted.output);
    assert.match(mounted.output, ASKED);
    assert.ok(!mounted.output.includes(user.password));
    assert.equal((await mountState(folder)).kind, 'overlay');
    assert.equal(statSync(join(folder, 'overlay/upper')).uid, user.uid);

    const shell = planShell({ folder, path: '/bin:/opt/${HOME}', root: false });
    const inside = await runInTerminal(shell, user, [
      password,
      { prompt: /# /, text: 'id -u; echo $PATH; echo mine >/tmp/written; env; no-such-command; exit\n' },
    ]);
    assert.equal(inside.code, 0, inside.output);
    assert.match(inside.output, /\n0\n/);
    assert.match(inside.output, /\n\/bin:\/opt\/\$\{HOME\}\n/);
    assert.doesNotMatch(inside.output, /SUDO_|LOGNAME|XDG/);
    assert.match(inside.output, /Peel: the shell has ended/);
    assert.equal(readFileSync(join(folder, 'overlay/upper/tmp/written'), 'utf8'), 'mine\n');
    assert.equal(statSync(join(folder, 'overlay/upper/tmp/written')).uid, 0);

    const process = await occupy(t, join(folder, 'merged'));
    const busy = await runInTerminal(planUnmount({ folder, root: false }), user, [password]);
    assert.equal(busy.code, mountFailure('busy').code, busy.output);
    assert.ok(busy.output.includes(`process ${process}: sleep 600`), busy.output);
    const lazy = await runInTerminal(planUnmount({ folder, lazy: true, root: false }), user, [password]);
    assert.equal(lazy.code, 0, lazy.output);
    assert.equal((await mountState(folder)).state, 'not mounted');

    const removed = await runInTerminal(planRemove({ folder, root: false }), user, [password]);
    assert.equal(removed.code, 0, removed.output);
    assert.match(removed.output, /\+ sudo rm -rf -- /);
    assert.ok(!existsSync(folder));
    assert.deepEqual(readdirSync(outer), []);
  });

  test('a wrong password changes nothing, and the next try works', async t => {
    const user = makeUser(t);
    const folder = userImage(scratch(t), user);
    const plan = planMount({ folder, layers: 2, options: OPTIONS, root: false });
    const wrong = { prompt: ASKED, text: 'wrong\n' };
    const refused = await runInTerminal(plan, user, [wrong, wrong, wrong]);
    const failure = mountFailure('sudo-refused');
    assert.equal(refused.code, failure.code, refused.output);
    assert.ok(refused.output.includes(failure.remedy.slice(0, 40)), refused.output);
    assert.equal((await mountState(folder)).state, 'not mounted');
    const { code } = await runInTerminal(plan, user, [{ prompt: ASKED, text: `${user.password}\n` }]);
    assert.equal(code, 0);
  });

  test('Ctrl+C at the prompt ends the task', async t => {
    const user = makeUser(t);
    const folder = userImage(scratch(t), user);
    const plan = planMount({ folder, layers: 2, options: OPTIONS, root: false });
    const { code, output } = await runInTerminal(plan, user, [{ prompt: ASKED, text: '\u0003', again: true }]);
    assert.equal(code, 130, output);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });

  test('a user who may not use sudo is told so, with other ways', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(scratch(t), user);
    const plan = planMount({ folder, layers: 2, options: OPTIONS, root: false });
    const { code, output } = await runInTerminal(plan, user, [{ prompt: ASKED, text: `${user.password}\n` }]);
    const failure = mountFailure('sudo-refused');
    assert.equal(code, failure.code, output);
    assert.match(output, /Mount Without sudo/);
  });

  test('what was never mounted is removed without sudo, read-only directories too', async t => {
    const user = makeUser(t, { sudo: false });
    const outer = scratch(t);
    const folder = makeImage(join(outer, 'image'), layer => {
      mkdirSync(join(layer, 'closed/deep'), { recursive: true });
      writeFileSync(join(layer, 'closed/deep/file'), '');
      spawnSync('ln', ['-s', join(outer, 'victim'), join(layer, 'link')]);
      spawnSync('chmod', ['-R', '0', join(layer, 'closed')]);
    });
    mkdirSync(join(outer, 'victim'), { mode: 0o700 });
    writeFileSync(join(outer, 'victim/hello'), 'hello', { mode: 0o600 });
    give(outer, user);
    const { code, output } = await runPlan(planRemove({ folder, root: false }), { user });
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /sudo/);
    assert.deepEqual(readdirSync(outer), ['victim']);
    assert.equal(readFileSync(join(outer, 'victim/hello'), 'utf8'), 'hello');
    assert.equal(statSync(join(outer, 'victim')).mode & 0o777, 0o700);
  });
});

describe('removing, as root', { skip }, () => {
  test('what is mounted is not removed, nor a folder that is no image', async t => {
    const outer = scratch(t);
    const folder = makeImage(join(outer, 'image'), layer => writeFileSync(join(layer, 'a'), '1'));
    await runPlan(planMount({ folder, layers: 1, options: OPTIONS }));
    const mounted = await runPlan(planRemove({ folder }));
    assert.equal(mounted.code, mountFailure('still-mounted').code);
    assert.ok(existsSync(join(folder, 'merged/a')));
    await runPlan(planUnmount({ folder }));
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const kept = await runPlan(planRemove({ folder }));
    assert.equal(kept.code, 0, kept.output);
    assert.match(kept.output, /other files .* stay/);
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
    mkdirSync(join(outer, 'home/layers'), { recursive: true });
    const other = await runPlan(planRemove({ folder: join(outer, 'home') }));
    assert.equal(other.code, mountFailure('no-folder').code);
    assert.ok(existsSync(join(outer, 'home/layers')));
  });
});

describe('the shell', { skip }, () => {
  const mounted = async (outer: string, fill: (layer: string) => void): Promise<string> => {
    const folder = makeImage(join(outer, 'image'), fill);
    assert.equal((await runPlan(planMount({ folder, layers: 1, options: OPTIONS }))).code, 0);
    return folder;
  };

  test('runs a command with the arguments as they are, and hands on its exit code', async t => {
    const folder = await mounted(scratch(t), busyboxLayer);
    const odd = ["it's", '$(id)', '${env:HOME}', 'a b', '-n'];
    const { code, output } = await runPlan(planShell({ folder, command: ['busybox', 'printf', '%s|', ...odd] }));
    assert.equal(code, 0, output);
    assert.ok(output.endsWith(odd.map(word => `${word}|`).join('')), output);
    assert.equal((await runPlan(planShell({ folder, command: ['sh', '-c', 'exit 7'] }))).code, 7);
  });

  test("an image's PATH cannot choose what the host runs as root", async t => {
    const outer = scratch(t);
    const evil = join(outer, 'evil');
    mkdirSync(evil);
    for (const name of ['chroot', 'env', 'sh', 'sed'])
      writeFileSync(join(evil, name), `#!/bin/sh\n: >${outer}/pwned\n`, { mode: 0o755 });
    const folder = await mounted(outer, busyboxLayer);
    const { output } = await runPlan(planShell({ folder, path: `${evil}:/bin`, command: ['pwd'] }));
    assert.ok(output.endsWith('\n/\n'), output);
    const broken = await runPlan(planShell({ folder, path: '/bin\n; touch /pwned', command: ['env'] }));
    assert.match(broken.output, /PATH=\/usr\/local\/sbin:/);
    assert.ok(!existsSync(join(outer, 'pwned')));
    assert.ok(!existsSync('/pwned'));
  });

  test('nothing of the environment goes in', async t => {
    const folder = await mounted(scratch(t), busyboxLayer);
    const { output } = await runPlan(planShell({ folder, command: ['env'] }), { env: { SECRET_TOKEN: 'hunter2' } });
    assert.doesNotMatch(output, /hunter2/);
  });

  test('an image without a shell, and one for another processor', async t => {
    const without = await mounted(scratch(t), () => undefined);
    const none = await runPlan(planShell({ folder: without }));
    assert.equal(none.code, mountFailure('no-shell').code, none.output);
    const foreign = await mounted(scratch(t), layer => {
      mkdirSync(join(layer, 'bin'));
      // An ELF header of a machine that nobody has.
      const elf = Buffer.alloc(64);
      elf.write('\u007fELF\u0002\u0001\u0001', 'latin1');
      elf.writeUInt16LE(2, 16);
      elf.writeUInt16LE(0x7777, 18);
      writeFileSync(join(layer, 'bin/sh'), elf, { mode: 0o755 });
    });
    const wrong = await runPlan(planShell({ folder: foreign }));
    assert.equal(wrong.code, mountFailure('no-shell').code, wrong.output);
  });

  test('an image that is not mounted', async t => {
    const folder = makeImage(join(scratch(t), 'image'), busyboxLayer);
    const { code, output } = await runPlan(planShell({ folder }));
    assert.equal(code, mountFailure('not-mounted').code);
    assert.match(output, /Peel: Mount Image/);
  });
});
