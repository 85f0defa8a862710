import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { peel, refusal, until, workspaceFolder } from './commands.ts';

/** Mounting needs root: in a test, nobody can type a password. */
function mayBecomeRoot(): boolean {
  if (process.getuid?.() === 0) return true;
  try {
    execFileSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

describe('commands that mount', () => {
  let registry: Registry;
  let folder: string;
  let merged: string;

  before(async () => {
    assert.ok(mayBecomeRoot(), 'these tests mount: run them as root, or as a user whose sudo asks for no password');
    registry = await startRegistry();
    fillDemo(registry);
    ({ folder } = await peel<{ folder: string }>('pullImage', {
      reference: `${registry.host}/demo/hello:latest`,
      folder: "images/with space 'and' more",
    }));
    merged = join(folder, 'merged');
  });
  after(async () => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    if (mounts().includes('with\\040space')) await peel('unmountLazily', { folder });
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('mount the layers, keep changes separate, and unmount', async () => {
    const { mountPoint } = await peel<{ mountPoint: string }>('mountImage', { folder });
    assert.equal(mountPoint, merged);
    assert.ok(readdirSync(merged).includes('app'));
    assert.equal(existsSync(join(merged, 'app', '.wh.secret')), false);
    writeFileSync(join(merged, 'written'), 'here');
    assert.equal(readFileSync(join(folder, 'overlay/upper/written'), 'utf8'), 'here');
    assert.deepEqual(await peel('mountImage', { folder }), { mountPoint }, 'mounting again is not a failure');
    await peel('unmountImage', { folder });
    assert.deepEqual(readdirSync(merged), []);
    await peel('unmountImage', { folder });
  });

  it('accept a folder relative to the workspace, with a trailing slash, or as a Uri string', async () => {
    const written = `${relative(workspaceFolder(), folder)}/`;
    assert.deepEqual(await peel('mountImage', { folder: written }), { mountPoint: merged });
    await peel('unmountImage', { folder: vscode.Uri.file(folder).toString() });
    assert.deepEqual(readdirSync(merged), []);
  });

  it('report which process keeps a mount busy, and unmount lazily', async () => {
    await peel('mountImage', { folder });
    const before = process.cwd();
    process.chdir(merged);
    try {
      assert.match(await refusal('unmountImage', { folder }), /in use/);
      assert.ok(readdirSync(merged).length > 0);
      assert.match(await refusal('removeImage', { folder }), /still mounted/);
      await peel('unmountLazily', { folder });
    } finally {
      process.chdir(before);
    }
    assert.deepEqual(readdirSync(merged), []);
  });

  it('offer matching tasks, and run one from tasks.json', async () => {
    const offered = (await vscode.tasks.fetchTasks({ type: 'peel' })).filter(
      ({ definition }) => definition['image'] === folder,
    );
    assert.deepEqual(
      offered.map(({ definition }) => definition['action']),
      ['mount'],
    );
    const ended = Promise.withResolvers<number | undefined>();
    const subscription = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.definition['action'] === 'mount') ended.resolve(exitCode);
    });
    await vscode.tasks.executeTask(offered[0]!);
    assert.equal(await ended.promise, 0);
    subscription.dispose();
    assert.ok(readdirSync(merged).includes('app'));
    await peel('unmountImage', { folder });
  });

  it('run a task of tasks.json with a path inside the workspace', async () => {
    const settings = join(workspaceFolder(), '.vscode');
    mkdirSync(settings, { recursive: true });
    const image = relative(workspaceFolder(), folder);
    const written = { type: 'peel', action: 'mount', image: `\${workspaceFolder}/${image}`, label: 'mount as written' };
    const wrong = { type: 'peel', action: 'explode', image, label: 'wrong action' };
    writeFileSync(join(settings, 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [written, wrong] }));
    try {
      const task = await until(async () =>
        (await vscode.tasks.fetchTasks()).find(({ name }) => name === written.label),
      );
      const ended = Promise.withResolvers<number | undefined>();
      const subscription = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        if (execution.task.name === written.label) ended.resolve(exitCode);
      });
      await vscode.tasks.executeTask(task);
      assert.equal(await ended.promise, 0);
      subscription.dispose();
      assert.ok(readdirSync(merged).includes('app'));
      await peel('unmountImage', { folder });
    } finally {
      rmSync(settings, { recursive: true });
    }
  });

  it('open several shells in one image', async () => {
    await peel('mountImage', { folder });
    const shells = () => vscode.tasks.taskExecutions.filter(({ task }) => task.definition['action'] === 'shell');
    let started = 0;
    const subscription = vscode.tasks.onDidStartTaskProcess(() => void started++);
    await peel('openShell', { folder });
    await peel('openShell', { folder });
    assert.equal(shells().length, 2);
    // A task that has not started can't be ended.
    await until(async () => (started === 2 ? true : undefined));
    subscription.dispose();
    for (const shell of shells()) shell.terminate();
    await until(async () => (shells().length === 0 ? true : undefined));
    await peel('unmountImage', { folder });
  });

  it('refuse a shell without a mount, and a mount through a link', async () => {
    assert.match(await refusal('openShell', { folder }), /not mounted/);
    rmSync(merged, { recursive: true });
    symlinkSync('/tmp', merged);
    assert.match(await refusal('mountImage', { folder }), /symbolic link/);
    rmSync(merged);
  });

  it("refuse to remove a mounted image, and later remove root's files too", async () => {
    await peel('mountImage', { folder });
    writeFileSync(join(merged, 'written'), 'here');
    assert.match(await refusal('removeImage', { folder }), /still mounted/);
    await peel('unmountImage', { folder });
    const freed = await peel<number>('removeImage', { folder });
    assert.ok(freed > 0);
    assert.equal(existsSync(folder), false, 'what root wrote is gone, too');
  });
});
