import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { ChangesJob, ChangesResult } from '../../../src/changes/changesJob.ts';
import { ownsChanges, planReadChanges } from '../../../src/overlay/changesPlan.ts';
import { mountFailure } from '../../../src/overlay/failures.ts';
import { planRootless } from '../../../src/overlay/rootlessPlan.ts';
import { writeSidecar } from '../../../src/layers/unpack/sidecar.ts';
import { firstOf, requireRoot, requireTool } from '../../support/tools.ts';
import { give, makeImage, makeUser, must, runInTerminal, runPlan, scratch, type TestUser } from '../overlay/rig.ts';
import { shell } from './changing.ts';

const skip = firstOf(requireRoot(), requireTool('sudo', 'script', 'setpriv', 'useradd', 'chpasswd', 'unshare', 'tar'));

/** An image as a normal user pulls it: all files are the user's, and the sidecar has the truth. */
function userImage(t: TestContext, user: TestUser): string {
  const outer = scratch(t);
  const folder = makeImage(join(outer, "me's image"), layer => {
    mkdirSync(join(layer, 'etc'));
    writeFileSync(join(layer, 'etc/shadow'), 'secret');
    writeFileSync(join(layer, 'etc/mail'), 'mail');
    chmodSync(join(layer, 'etc/shadow'), 0o600);
    must('touch', '-d', '@1700000000', join(layer, 'etc/shadow'), join(layer, 'etc/mail'));
  });
  const root = { uid: 0, gid: 0 };
  writeSidecar(join(folder, 'layers/1.json'), {
    entries: [
      { path: 'etc', ...root, mode: 0o755 },
      { path: 'etc/shadow', uid: 0, gid: 42, mode: 0o640 },
      { path: 'etc/mail', uid: 8, gid: 8, mode: 0o2644 },
    ],
  });
  for (const name of ['overlay/upper', 'overlay/work', 'merged']) mkdirSync(join(folder, name), { recursive: true });
  give(outer, user);
  return folder;
}

const DO_JOB = new URL('../../../src/changes/doChangesJob.ts', import.meta.url).href;

/** Does a job as the user, in a process of its own. */
function jobAs(user: TestUser, job: ChangesJob): ChangesResult {
  const script = `import { doChangesJob } from ${JSON.stringify(DO_JOB)};
    console.log(JSON.stringify(await doChangesJob(JSON.parse(process.argv[1])).catch(e => ({ failed: e.name }))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(job)], {
    uid: user.uid,
    gid: user.gid,
    encoding: 'utf8',
    cwd: '/',
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

function tarLines(blob: string): string[] {
  return must('tar', '--numeric-owner', '--full-time', '-tvzf', blob)
    .trimEnd()
    .split('\n')
    .map(line => line.replace(/\s+/g, ' ').replace(/ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, ''));
}

describe('changes as a normal user', { skip }, () => {
  test('what root wrote is read by a visible line with sudo, into an archive for the user alone', async t => {
    const user = makeUser(t);
    const folder = userImage(t, user);
    const upper = join(folder, 'overlay/upper');
    shell(
      upper,
      'mkdir etc root; cp -p ../../layers/1/etc/shadow etc; cp -p ../../layers/1/etc/mail etc; echo more >>etc/mail; echo top >root/secret; chmod 700 root; chmod 600 root/secret; echo by-me >mine',
    );
    for (const path of ['etc', 'etc/shadow', 'etc/mail', 'mine'])
      must('chown', `${user.uid}:${user.gid}`, join(upper, path));
    const job = { source: { folder }, namespace: false, layers: 1 };
    assert.deepEqual(jobAs(user, job), { failed: 'UnreadableChangesError' });
    assert.equal(await ownsChanges(folder), false);

    const plan = planReadChanges({ folder, archive: '.changes-1.tar', way: 'sudo', root: false });
    const done = await runInTerminal(plan, user, [{ prompt: /\[sudo\][^\n]*: ?/, text: `${user.password}\n` }]);
    assert.equal(done.code, 0, done.output);
    for (const line of plan.lines) assert.ok(done.output.includes(`+ ${line}\n`), done.output);
    const archive = join(folder, 'overlay/.changes-1.tar');
    const stat = lstatSync(archive);
    assert.deepEqual([stat.mode & 0o777, stat.uid], [0o600, user.uid]);

    const blob = join(folder, 'blob');
    const result = jobAs(user, { ...job, source: { folder, archive }, layer: { file: blob } });
    assert.deepEqual(
      result.changes.map(({ path, change }) => `${change} ${path}`),
      ['changed etc/mail', 'added mine', 'added root', 'added root/secret'],
    );
    // Writing takes setgid away, the copy of shadow is unchanged, and the user's file is root's.
    assert.deepEqual(tarLines(blob), [
      'drwxr-xr-x 0/0 0 ./',
      'drwxr-xr-x 0/0 0 etc/',
      '-rw-r--r-- 8/8 9 etc/mail',
      '-rw-r--r-- 0/0 6 mine',
      'drwx------ 0/0 0 root/',
      '-rw------- 0/0 4 root/secret',
    ]);
  });

  test('what a namespace wrote needs no password', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(t, user);
    const command = [
      'sh',
      '-c',
      'echo x >etc/none; chmod 000 etc/none; chmod 4755 etc/shadow; rm etc/mail; mkdir -m 0 no',
    ];
    const mounted = await runPlan(planRootless({ folder, layers: 1, command }), { user });
    assert.equal(mounted.code, 0, mounted.output);
    const job = { source: { folder }, namespace: true, layers: 1 };
    assert.deepEqual(jobAs(user, job), { failed: 'UnreadableChangesError' });
    const plan = planReadChanges({ folder, archive: '.changes-2.tar', way: 'namespace' });
    const done = await runPlan(plan, { user });
    assert.equal(done.code, 0, done.output);
    const blob = join(folder, 'blob');
    const source = { folder, archive: join(folder, 'overlay/.changes-2.tar') };
    const { changes } = jobAs(user, { ...job, source, layer: { file: blob } });
    assert.deepEqual(
      changes.map(({ path, change }) => `${change} ${path}`),
      ['deleted etc/mail', 'added etc/none', 'changed etc/shadow', 'added no'],
    );
    assert.deepEqual(tarLines(blob), [
      'drwxr-xr-x 0/0 0 ./',
      'drwxr-xr-x 0/0 0 etc/',
      '---------- 0/0 0 etc/.wh.mail',
      '---------- 0/0 2 etc/none',
      '-rwsr-xr-x 0/42 6 etc/shadow',
      'd--------- 0/0 0 no/',
    ]);
  });

  test('the archive takes the place of nothing, and no link is followed', async t => {
    const user = makeUser(t, { sudo: false });
    const folder = userImage(t, user);
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(folder, 'overlay/.changes-3.tar'));
    const plan = planReadChanges({ folder, archive: '.changes-3.tar', way: 'namespace' });
    assert.equal((await runPlan(plan, { user })).code, mountFailure('not-real').code);
    assert.equal(readFileSync(victim, 'utf8'), 'mine');
    writeFileSync(join(folder, 'overlay/.changes-4.tar'), 'there');
    const taken = planReadChanges({ folder, archive: '.changes-4.tar', way: 'namespace' });
    assert.notEqual((await runPlan(taken, { user })).code, 0);
    assert.equal(existsSync(victim), true);
  });
});
