import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { MOUNT_FAILURES, mountFailure, type MountFailureReason } from '../../../src/overlay/failures.ts';
import {
  lowerNames,
  overlayOptions,
  planMount,
  planUnmount,
  TooManyLayersError,
} from '../../../src/overlay/mountPlan.ts';
import { mountState } from '../../../src/overlay/mountState.ts';
import { InvalidPlanError } from '../../../src/overlay/plan.ts';
import { planFuse, planRootless } from '../../../src/overlay/rootlessPlan.ts';
import { UnquotableTextError } from '../../../src/overlay/quote.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { makeImage, makeUser, must, occupy, runPlan, scratch, unmountBelow, type Outcome } from './rig.ts';

const OPTIONS = { nosuidNodev: true, restoreOwnership: false, userxattr: true };
const skip = firstOf(requireRoot(), requireTool('mount', 'umount', 'unshare', 'setfattr'));

function assertFailed({ code, output }: Outcome, reason: MountFailureReason): void {
  const failure = mountFailure(reason);
  assert.equal(code, failure.code, output);
  assert.ok(output.includes(failure.message), output);
  assert.ok(output.includes(failure.remedy), output);
}

describe('the lines', () => {
  test('the topmost layer is the first, and a twin lies right above its layer', () => {
    assert.deepEqual(lowerNames(3), ['3', '2', '1']);
    assert.deepEqual(lowerNames(3, [1, 3]), ['owned/3', '3', '2', 'owned/1', '1']);
  });

  test('the mount names its layers from inside their folder', () => {
    const plan = planMount({ folder: '/ws/my images/busy:box,1', layers: 3, options: OPTIONS, root: false });
    assert.deepEqual(plan.lines, [
      "cd '/ws/my images/busy:box,1/layers'",
      'mkdir -p ../overlay/upper ../overlay/work ../merged',
      'sudo mount -t overlay -o lowerdir=3:2:1,upperdir=../overlay/upper,workdir=../overlay/work,userxattr,nosuid,nodev overlay ../merged',
    ]);
    assert.equal(plan.shell, '/bin/sh');
    // VS Code prints these when the program fails, so the program isn't among them.
    assert.ok(plan.args.join(' ').length < 40, plan.args.join(' '));
  });

  test('options follow the settings', () => {
    const bare = { nosuidNodev: false, restoreOwnership: false, userxattr: false };
    assert.equal(
      overlayOptions({ layers: 1, options: bare }),
      'lowerdir=1,upperdir=../overlay/upper,workdir=../overlay/work',
    );
    assert.equal(overlayOptions({ layers: 1, options: { ...bare, readOnly: true } }), 'ro,lowerdir=../overlay/upper:1');
  });

  test('a list of layers too long for the new mount calls goes by the old one, behind sudo', () => {
    const at = (layers: number): string =>
      planMount({ folder: '/i', layers, options: OPTIONS, root: false }).lines.at(-1) ?? '';
    assert.doesNotMatch(at(80), /LIBMOUNT/);
    assert.match(at(127), /^sudo env LIBMOUNT_FORCE_MOUNT2=always mount -t overlay /);
    // The limit of fsconfig(2) is 256 bytes with the end mark, for each value.
    for (let layers = 1; layers < 127; layers++) {
      const longest = Math.max(
        ...(/-o (\S+)/.exec(at(layers))?.[1] ?? '').split(',').map(part => part.length - part.indexOf('=') - 1),
      );
      assert.ok(longest < 256 || at(layers).includes('LIBMOUNT_FORCE_MOUNT2'), String(layers));
    }
  });

  test('the options of 500 layers fit into a page, and more are refused with a way out', () => {
    assert.ok(overlayOptions({ layers: 500, options: OPTIONS }).length < 4000);
    assert.throws(
      () => planMount({ folder: '/i', layers: 501, options: OPTIONS }),
      (error: unknown) =>
        error instanceof TooManyLayersError && error.limit === 500 && /Extract Merged/.test(error.message),
    );
    const owned = Array.from({ length: 400 }, (_, index) => index + 1);
    assert.throws(() => planMount({ folder: '/i', layers: 400, owned, options: OPTIONS }), TooManyLayersError);
  });

  test('what cannot be a plan is refused before anything runs', () => {
    assert.throws(() => planMount({ folder: 'images/x', layers: 1, options: OPTIONS }), InvalidPlanError);
    assert.throws(() => planMount({ folder: '/', layers: 1, options: OPTIONS }), InvalidPlanError);
    assert.throws(() => planMount({ folder: '/i', layers: 0, options: OPTIONS }), InvalidPlanError);
    assert.throws(() => planMount({ folder: '/i', layers: 1.5, options: OPTIONS }), InvalidPlanError);
    assert.throws(() => planMount({ folder: '/i\nrm', layers: 1, options: OPTIONS }), UnquotableTextError);
    assert.throws(() => planUnmount({ folder: '/i\0' }), UnquotableTextError);
    assert.throws(
      () => planMount({ folder: '/i', layers: 1, options: { ...OPTIONS, restoreOwnership: true } }),
      InvalidPlanError,
    );
  });

  test('nothing for the editor to replace is in a program', () => {
    const folder = '/w/${env:HOME}${command:x}';
    for (const plan of [planMount({ folder, layers: 2, options: OPTIONS }), planUnmount({ folder })]) {
      assert.ok(![...plan.args, ...Object.values(plan.env)].join('\n').includes('${'));
    }
  });

  test('every exit code is its own, away from those of mount, sudo and shells', () => {
    assert.ok(MOUNT_FAILURES.size >= 20);
    for (const [code, failure] of MOUNT_FAILURES) {
      assert.equal(failure.code, code);
      assert.ok(code >= 80 && code < 120);
      assert.deepEqual(mountFailure(failure.reason), failure);
    }
  });
});

describe('mounting', { skip }, () => {
  const two = (folder: string): string =>
    makeImage(
      folder,
      base => {
        mkdirSync(join(base, 'etc'));
        mkdirSync(join(base, 'opt'));
        writeFileSync(join(base, 'etc/one'), 'base');
        writeFileSync(join(base, 'etc/gone'), 'base');
        writeFileSync(join(base, 'opt/old'), 'base');
      },
      top => {
        mkdirSync(join(top, 'etc'));
        mkdirSync(join(top, 'opt'));
        writeFileSync(join(top, 'etc/one'), 'top');
        must('mknod', join(top, 'etc/gone'), 'c', '0', '0');
        must('setfattr', '-n', 'user.overlay.opaque', '-v', 'y', join(top, 'opt'));
        writeFileSync(join(top, 'opt/new'), 'top');
      },
    );

  test('shows the layers, whiteouts and opaque directories; writes go to upper; all lines are shown', async t => {
    const folder = two(join(scratch(t), 'image'));
    const plan = planMount({ folder, layers: 2, options: OPTIONS });
    const { code, output } = await runPlan(plan);
    assert.equal(code, 0, output);
    for (const line of plan.lines) assert.ok(output.includes(`+ ${line}\n`), output);
    assert.match(output, /Peel: mounted at .*\/merged\n$/);
    const merged = join(folder, 'merged');
    assert.deepEqual(readdirSync(join(merged, 'etc')), ['one']);
    assert.equal(readFileSync(join(merged, 'etc/one'), 'utf8'), 'top');
    assert.deepEqual(readdirSync(join(merged, 'opt')), ['new']);
    writeFileSync(join(merged, 'etc/written'), 'mine');
    assert.equal(readFileSync(join(folder, 'overlay/upper/etc/written'), 'utf8'), 'mine');

    const state = await mountState(folder);
    assert.equal(state.state, 'mounted');
    assert.equal(state.kind, 'overlay');
    assert.equal(state.readOnly, false);
    assert.equal(state.mountPoint, merged);

    const again = await runPlan(plan);
    assert.equal(again.code, 0);
    assert.equal(again.output, `Peel: already mounted at ${merged}\n`);

    const ended = await runPlan(planUnmount({ folder }));
    assert.equal(ended.code, 0, ended.output);
    assert.match(ended.output, /^\+ umount .*\nPeel: unmounted /);
    assert.equal((await mountState(folder)).state, 'not mounted');
    assert.equal(readFileSync(join(folder, 'overlay/upper/etc/written'), 'utf8'), 'mine');
    const nothing = await runPlan(planUnmount({ folder }));
    assert.equal(nothing.code, 0);
    assert.match(nothing.output, /is not mounted/);

    const later = await runPlan(plan);
    assert.equal(later.code, 0, later.output);
    assert.equal(readFileSync(join(merged, 'etc/written'), 'utf8'), 'mine');
  });

  test('nosuid and nodev are in force, and can be left away', async t => {
    const folder = makeImage(join(scratch(t), 'image'), () => undefined);
    await runPlan(planMount({ folder, layers: 1, options: OPTIONS }));
    const optionsOf = (): string => must('findmnt', '-no', 'OPTIONS', join(folder, 'merged'));
    assert.match(optionsOf(), /nosuid/);
    assert.match(optionsOf(), /nodev/);
    await runPlan(planUnmount({ folder }));
    await runPlan(planMount({ folder, layers: 1, options: { ...OPTIONS, nosuidNodev: false } }));
    assert.doesNotMatch(optionsOf(), /nosuid|nodev/);
  });

  test('read-only: one layer is enough, and what was changed before is there', async t => {
    const folder = makeImage(join(scratch(t), 'image'), layer => writeFileSync(join(layer, 'a'), '1'));
    mkdirSync(join(folder, 'overlay/upper'), { recursive: true });
    writeFileSync(join(folder, 'overlay/upper/b'), '2');
    const { code, output } = await runPlan(planMount({ folder, layers: 1, options: { ...OPTIONS, readOnly: true } }));
    assert.equal(code, 0, output);
    assert.deepEqual(readdirSync(join(folder, 'merged')), ['a', 'b']);
    assert.throws(() => writeFileSync(join(folder, 'merged/c'), ''), { code: 'EROFS' });
    assert.equal((await mountState(folder)).readOnly, true);
  });

  for (const count of [1, 127, 500]) {
    test(`${count} layers, in their order`, async t => {
      const fill = Array.from({ length: count }, (_, index) => (layer: string) => {
        writeFileSync(join(layer, 'top'), String(index + 1));
        writeFileSync(join(layer, `from-${index + 1}`), '');
      });
      const folder = makeImage(join(scratch(t), 'image'), ...fill);
      const { code, output } = await runPlan(planMount({ folder, layers: count, options: OPTIONS }));
      assert.equal(code, 0, output);
      assert.equal(readFileSync(join(folder, 'merged/top'), 'utf8'), String(count));
      assert.equal(readdirSync(join(folder, 'merged')).length, count + 1);
    });
  }

  const ODD = [
    'with space',
    'colon:comma,',
    'back\\slash',
    'quote\'and"double',
    '$(touch pwned)`id`;&|',
    '${env:HOME}',
    'ünïcödé 名前 🧅',
    '-rf',
    '*?[x]',
    '#hash !bang ~',
    '\\040',
    '%s%n',
    'x'.repeat(255),
  ];
  for (const name of ODD) {
    test(`the folder ${JSON.stringify(name.slice(0, 40))}, mounted, seen and unmounted`, async t => {
      const outer = scratch(t);
      const folder = two(join(outer, name, 'image'));
      const { code, output } = await runPlan(planMount({ folder, layers: 2, options: OPTIONS }));
      assert.equal(code, 0, output);
      assert.match(output, /Peel: mounted at /);
      assert.ok((await runPlan(planMount({ folder, layers: 2, options: OPTIONS }))).output.includes('already mounted'));
      assert.equal((await mountState(folder)).mountPoint, join(folder, 'merged'));
      assert.equal((await mountState(folder)).state, 'mounted');
      assert.deepEqual(readdirSync(join(folder, 'merged/etc')), ['one']);
      const ended = await runPlan(planUnmount({ folder }));
      assert.equal(ended.code, 0, ended.output);
      assert.equal((await mountState(folder)).state, 'not mounted');
      assert.deepEqual(readdirSync(outer), [name]);
      assert.ok(!existsSync('/pwned'));
    });
  }

  test('a folder reached through a symbolic link is the same folder', async t => {
    const outer = scratch(t);
    const folder = two(join(outer, 'real'));
    symlinkSync('real', join(outer, 'link'));
    const linked = join(outer, 'link');
    assert.equal((await runPlan(planMount({ folder: linked, layers: 2, options: OPTIONS }))).code, 0);
    assert.equal((await mountState(folder)).state, 'mounted');
    assert.equal((await mountState(linked)).state, 'mounted');
    assert.equal((await runPlan(planUnmount({ folder: linked }))).code, 0);
    assert.equal((await mountState(linked)).state, 'not mounted');
  });
});

describe('what stands in the way of a mount', { skip }, () => {
  const one = (folder: string): string => makeImage(folder, layer => writeFileSync(join(layer, 'a'), '1'));

  test('a missing folder or layer', async t => {
    const outer = scratch(t);
    assertFailed(await runPlan(planMount({ folder: join(outer, 'none'), layers: 1, options: OPTIONS })), 'no-folder');
    const folder = one(join(outer, 'image'));
    assertFailed(await runPlan(planMount({ folder, layers: 2, options: OPTIONS })), 'no-folder');
    assert.ok(!existsSync(join(folder, 'merged')));
  });

  for (const name of ['merged', 'overlay', 'overlay/upper', 'overlay/work', 'layers/1', 'layers']) {
    test(`a symbolic link as ${name} leads root nowhere`, async t => {
      const outer = scratch(t);
      const folder = one(join(outer, 'image'));
      const victim = join(outer, 'victim');
      mkdirSync(victim);
      writeFileSync(join(victim, 'hello'), 'hello');
      if (name.startsWith('overlay/')) mkdirSync(join(folder, 'overlay'));
      rmSync(join(folder, name), { recursive: true, force: true });
      symlinkSync(victim, join(folder, name));
      const { mtimeMs } = statSync(victim);
      assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS })), 'not-real');
      assert.deepEqual(readdirSync(victim), ['hello']);
      assert.equal(statSync(victim).mtimeMs, mtimeMs);
      assert.equal((await mountState(folder)).state, 'not mounted');
    });
  }

  test('unmounting follows no link either', async t => {
    const outer = scratch(t);
    const other = one(join(outer, 'other'));
    assert.equal((await runPlan(planMount({ folder: other, layers: 1, options: OPTIONS }))).code, 0);
    const folder = one(join(outer, 'image'));
    symlinkSync(join(other, 'merged'), join(folder, 'merged'));
    const { code, output } = await runPlan(planUnmount({ folder }));
    assert.equal(code, 0);
    assert.match(output, /is not mounted/);
    assert.equal((await mountState(other)).state, 'mounted');
  });

  test('images on an overlay, as in a container without a volume', async t => {
    const outer = scratch(t);
    for (const name of ['lower', 'upper', 'work', 'at']) mkdirSync(join(outer, name));
    const options = `lowerdir=${outer}/lower,upperdir=${outer}/upper,workdir=${outer}/work`;
    must('mount', '-t', 'overlay', '-o', options, 'overlay', join(outer, 'at'));
    const folder = one(join(outer, 'at/image'));
    assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS })), 'unfit-disk');
    // Without a writable part it does work.
    const { code, output } = await runPlan(planMount({ folder, layers: 1, options: { ...OPTIONS, readOnly: true } }));
    assert.equal(code, 0, output);
    unmountBelow(join(outer, 'at'));
  });

  test('a disk that can only be read is told as that, whether the folders are there already or not', async t => {
    const outer = scratch(t);
    const disk = join(outer, 'disk');
    mkdirSync(disk);
    must('mount', '-t', 'tmpfs', 'tmpfs', disk);
    const fresh = one(join(disk, 'fresh'));
    const used = one(join(disk, 'used'));
    for (const name of ['overlay/upper', 'overlay/work', 'merged']) mkdirSync(join(used, name), { recursive: true });
    must('mount', '-o', 'remount,ro', disk);
    for (const folder of [fresh, used]) {
      assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS })), 'read-only-disk');
      assertFailed(await runPlan(planRootless({ folder, layers: 1 })), 'read-only-disk');
      assertFailed(await runPlan(planFuse({ folder, layers: 1 })), 'read-only-disk');
    }
    // Its lower part alone needs no writing.
    const options = { ...OPTIONS, readOnly: true };
    const { code, output } = await runPlan(planMount({ folder: used, layers: 1, options }));
    assert.equal(code, 0, output);
    unmountBelow(disk);
  });

  test('a folder of somebody else is told as that', async t => {
    const outer = scratch(t);
    const user = makeUser(t);
    const fresh = one(join(outer, 'fresh'));
    const begun = one(join(outer, 'begun'));
    mkdirSync(join(begun, 'overlay'));
    must('chown', `${user.uid}:${user.gid}`, begun);
    for (const folder of [fresh, begun]) {
      const plan = planMount({ folder, layers: 1, options: OPTIONS, root: false });
      assertFailed(await runPlan(plan, { user }), 'not-yours');
      assertFailed(await runPlan(planRootless({ folder, layers: 1 }), { user }), 'not-yours');
    }
  });

  test('a container without the right to mount: said before any password is asked', async t => {
    const folder = one(join(scratch(t), 'image'));
    const plan = planMount({ folder, layers: 1, options: OPTIONS });
    const confined = {
      ...plan,
      shell: 'setpriv',
      args: ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '/bin/sh', ...plan.args],
    };
    const { code, output } = await runPlan(confined as unknown as typeof plan);
    assertFailed({ code, output }, 'not-permitted');
    assert.doesNotMatch(output, /\+ /);
  });

  test('no sudo; and a sudo that can gain nothing', async t => {
    const outer = scratch(t);
    const folder = one(join(outer, 'image'));
    const plan = planMount({ folder, layers: 1, options: OPTIONS, root: false });
    // Only what the program needs is on this PATH.
    const bin = join(outer, 'bin');
    mkdirSync(bin);
    for (const tool of ['sed', 'stat', 'mkdir', 'grep', 'uname'])
      symlinkSync(must('which', tool).trim(), join(bin, tool));
    const alone = { ...plan, env: { PEEL_TASK: plan.env['PEEL_TASK']!.replace(/^PATH=.*$/m, `PATH=${bin}`) } };
    assertFailed(await runPlan(alone), 'no-sudo');
    const bound = { ...plan, shell: 'setpriv', args: ['--no-new-privs', '/bin/sh', ...plan.args] };
    assertFailed(await runPlan(bound as unknown as typeof plan), 'sudo-blocked');
  });

  /** A program that stands before the real one on the PATH; root's PATH is the test's own. */
  function fake(folder: string, name: string, script: string): Record<string, string> {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
    return { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  }

  test('no overlay in the kernel', async t => {
    const outer = scratch(t);
    const folder = one(join(outer, 'image'));
    writeFileSync(join(outer, 'filesystems'), 'nodev\tproc\n\text4\n');
    const env = fake(join(outer, 'bin'), 'mount', 'echo "mount: unknown filesystem type" >&2; exit 32');
    const plan = planMount({ folder, layers: 1, options: OPTIONS });
    // A mount namespace of its own, where /proc/filesystems is another file.
    const hide = `/bin/mount --bind ${outer}/filesystems /proc/filesystems && exec "$@"`;
    const hidden = { ...plan, shell: 'unshare', args: ['-m', '/bin/sh', '-c', hide, 'sh', '/bin/sh', ...plan.args] };
    assertFailed(await runPlan(hidden as unknown as typeof plan, { env }), 'no-overlay');
  });

  test('a kernel before 5.11', async t => {
    const outer = scratch(t);
    const folder = one(join(outer, 'image'));
    const env = fake(join(outer, 'bin'), 'mount', 'exit 32');
    for (const [version, reason] of [
      ['4.18.0-553.el8', 'kernel-too-old'],
      ['5.10.0-1', 'kernel-too-old'],
      ['5.11.0', 'mount-failed'],
      ['6.1', 'mount-failed'],
    ] as const) {
      fake(join(outer, 'bin'), 'uname', `echo ${version}`);
      assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS }), { env }), reason);
    }
  });

  test('a file system that cannot hold the writable part (stat and mount are stood in for)', async t => {
    const outer = scratch(t);
    const folder = one(join(outer, 'image'));
    for (const type of ['nfs', 'v9fs', 'smb2', 'msdos', 'fuseblk', 'ecryptfs']) {
      fake(join(outer, 'bin'), 'stat', `echo ${type}`);
      const env = fake(join(outer, 'bin'), 'mount', 'exit 32');
      assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS }), { env }), 'unfit-disk');
    }
  });

  test('a mount that says it worked and did not', async t => {
    const outer = scratch(t);
    const folder = one(join(outer, 'image'));
    const env = fake(join(outer, 'bin'), 'mount', 'exit 0');
    assertFailed(await runPlan(planMount({ folder, layers: 1, options: OPTIONS }), { env }), 'mount-failed');
  });

  test('mount gets each argument as it is meant, and the variable for the old call (a recording mount stands in for newer versions)', async t => {
    const outer = scratch(t);
    const folder = makeImage(join(outer, 'im:a,ge'), ...Array.from({ length: 127 }, () => () => undefined));
    const record = join(outer, 'record');
    const script = `{ printf '%s\\n' "$LIBMOUNT_FORCE_MOUNT2" "$PWD" "$@"; } >${record}\nexec /bin/mount "$@"`;
    const env = fake(join(outer, 'bin'), 'mount', script);
    const { code, output } = await runPlan(planMount({ folder, layers: 127, options: OPTIONS }), { env });
    assert.equal(code, 0, output);
    const [variable, cwd, ...words] = readFileSync(record, 'utf8').trimEnd().split('\n');
    assert.equal(variable, 'always');
    assert.equal(cwd, join(folder, 'layers'));
    assert.deepEqual(words, [
      '-t',
      'overlay',
      '-o',
      overlayOptions({ layers: 127, options: OPTIONS }),
      'overlay',
      '../merged',
    ]);
  });
});

describe('unmounting what is in use', { skip }, () => {
  const mountOne = async (folder: string): Promise<string> => {
    makeImage(folder, layer => mkdirSync(join(layer, 'dir')));
    const { code, output } = await runPlan(planMount({ folder, layers: 1, options: OPTIONS }));
    assert.equal(code, 0, output);
    return folder;
  };

  test('tells which process it is; lazily it goes at once', async t => {
    const folder = await mountOne(join(scratch(t), 'im age'));
    const process = await occupy(t, join(folder, 'merged/dir'));
    const refused = await runPlan(planUnmount({ folder }));
    assertFailed(refused, 'busy');
    assert.match(refused.output, new RegExp(`In use by:\\n  process ${process}: sleep 600`));
    assert.equal((await mountState(folder)).state, 'mounted');
    const { code, output } = await runPlan(planUnmount({ folder, lazy: true }));
    assert.equal(code, 0, output);
    assert.match(output, /\+ umount -l /);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });

  test('tells of a mount inside', async t => {
    const folder = await mountOne(join(scratch(t), 'image'));
    must('mount', '-t', 'tmpfs', 'tmpfs', join(folder, 'merged/dir'));
    const state = await mountState(folder);
    assert.deepEqual(state.inside, [join(folder, 'merged/dir')]);
    const refused = await runPlan(planUnmount({ folder }));
    assertFailed(refused, 'busy');
    assert.ok(refused.output.includes(`mounted: ${folder}/merged/dir`));
  });

  test('a hostile process name cannot write to the terminal', async t => {
    const folder = await mountOne(join(scratch(t), 'image'));
    const program = join(scratch(t), 'evil');
    execFileSync('cp', ['/bin/sleep', program]);
    const escape = '\u001b]0;owned\u0007';
    const { spawn } = await import('node:child_process');
    const child = spawn(program, ['600'], { cwd: join(folder, 'merged'), argv0: escape, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    const { output } = await runPlan(planUnmount({ folder }));
    assert.match(output, /process \d+: /);
    assert.ok(!output.includes('\u001b'));
  });

  test('mounts stacked on one place all go', async t => {
    const folder = await mountOne(join(scratch(t), 'image'));
    must('mount', '-t', 'tmpfs', 'tmpfs', join(folder, 'merged'));
    assert.equal((await mountState(folder)).stacked, 2);
    assert.equal((await mountState(folder)).kind, 'other');
    const { code, output } = await runPlan(planUnmount({ folder }));
    assert.equal(code, 0, output);
    assert.equal((await mountState(folder)).state, 'not mounted');
  });
});
