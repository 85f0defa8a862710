import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, index, layer } from '../support/image.ts';
import { createPrivateCa } from '../support/privateCa.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file } from '../support/tar.ts';
import { requireTool } from '../support/tools.ts';
import { jsonOf, peel, refusal, until, workspaceFolder } from './commands.ts';

interface Pulled {
  readonly folder: string;
  readonly platform: string;
}

/** What package.json promises for each setting, tested through the commands. */
describe('settings', () => {
  const amd = image({ layers: [layer([file('etc/motd', 'amd')])] });
  const arm = image({ layers: [layer([file('etc/motd', 'arm')])], platform: { os: 'linux', architecture: 'arm64' } });
  const wide = image({ layers: Array.from({ length: 4 }, (_, at) => layer([file(`layer${at}`, `content ${at}`)])) });
  const many = image({ layers: [layer([directory('a/'), ...[1, 2, 3].map(at => file(`a/${at}`))])] });
  const large = image({ layers: [layer([file('zeros', Buffer.alloc(3 << 20))])] });
  const changed = new Set<string>();
  let registry: Registry;
  let scratch: string;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'peel-settings-'));
    registry = await startRegistry();
    registry.store.put('app', amd, 'amd');
    registry.store.put('app', index([amd, arm]), 'multi');
    registry.store.put('app', wide, 'wide');
    registry.store.put('app', many, 'many');
    registry.store.put('app', large, 'large');
  });
  afterEach(async () => {
    for (const key of changed) await set(key, undefined);
    changed.clear();
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
    await peel('cleanCache');
  });
  after(async () => {
    await registry.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  async function set(key: string, value: unknown): Promise<void> {
    changed.add(key);
    await vscode.workspace.getConfiguration('peel').update(key, value, vscode.ConfigurationTarget.Global);
  }

  const reference = (tag: string): string => `${registry.host}/app:${tag}`;
  const pull = (tag: string, folder?: string): Promise<Pulled> =>
    peel('pullImage', { reference: reference(tag), ...(folder === undefined ? {} : { folder }) });

  it('peel.platform applies if nothing else selects a platform', async () => {
    await set('platform', 'linux/arm64');
    const config = await jsonOf(await peel<vscode.Uri>('showConfig', { reference: reference('multi') }));
    assert.equal(config['architecture'], 'arm64');
    assert.equal((await pull('multi')).platform, 'linux/arm64');
    const named = await peel<Pulled>('pullImage', {
      reference: reference('multi'),
      platform: 'linux/amd64',
      folder: 'images/amd',
    });
    assert.equal(named.platform, 'linux/amd64');
  });

  it('peel.imagesFolder is inside the workspace folder, or absolute', async () => {
    await set('imagesFolder', 'images/further/down');
    assert.equal((await pull('amd')).folder, join(workspaceFolder(), 'images/further/down/app-amd'));
    await set('imagesFolder', scratch);
    assert.equal((await pull('amd')).folder, join(scratch, 'app-amd'));
  });

  it('peel.concurrency limits simultaneous layer downloads, also after a change', async () => {
    let under = 0;
    let most = 0;
    let wanted = 1;
    const gate: { open: () => void; opened: Promise<void> }[] = [];
    const fault = registry.fault({ path: '/blobs/', when: ({ path }) => isLayer(path) }, async reply => {
      most = Math.max(most, ++under);
      const { promise, resolve } = Promise.withResolvers<void>();
      gate.push({ open: resolve, opened: promise });
      // All continue once the expected number is waiting.
      if (under >= wanted) for (const each of gate.splice(0)) each.open();
      await promise;
      under--;
      return reply;
    });
    await set('concurrency', 1);
    await pull('wide', 'images/one');
    assert.equal(most, 1);
    await peel('cleanCache');
    [most, wanted] = [0, 4];
    await set('concurrency', 4);
    await pull('wide', 'images/four');
    fault.remove();
    assert.equal(most, 4);
  });

  const isLayer = (path: string): boolean => wide.layers.some(({ digest }) => path.endsWith(digest));

  it('peel.cache.maxSizeMB 0 caches nothing, and the image is still pulled', async () => {
    await set('cache.maxSizeMB', 0);
    const { folder } = await pull('amd');
    assert.equal(await peel('cleanCache'), 0);
    assert.ok(existsSync(join(folder, 'layers/1/etc/motd')));
  });

  it('peel.limits refuse too many or too large files, by their values', async () => {
    await set('limits.maxEntries', 3);
    assert.match(await refusal('pullImage', { reference: reference('many') }), /more than 3/);
    await set('limits.maxEntries', 4);
    await pull('many');
    await set('limits.maxLayerMB', 2);
    assert.match(await refusal('pullImage', { reference: reference('large') }), /more than 2 MB/);
    await set('limits.maxLayerMB', 4);
    await pull('large');
  });

  it('peel.network.certificateFolders are searched in addition to the usual ones', async function () {
    if (requireTool('openssl')) this.skip();
    const ca = createPrivateCa();
    const secure = await startRegistry({ store: registry.store, tls: ca.issue() });
    try {
      const name = `${secure.host}/app:amd`;
      await set('registries', [{ url: secure.url }]);
      assert.match(await refusal('openImage', { reference: name }), /from an unknown authority/);
      mkdirSync(join(scratch, 'certs', secure.host), { recursive: true });
      writeFileSync(join(scratch, 'certs', secure.host, 'ca.crt'), ca.cert);
      await set('network.certificateFolders', [join(scratch, 'certs')]);
      assert.equal((await peel<{ digest: string }>('openImage', { reference: name })).digest, amd.digest);
    } finally {
      await secure.close();
      ca.close();
    }
  });

  it("peel.mount.nosuidNodev controls the options in the mount's lines", async () => {
    await pull('amd');
    const lines = async (): Promise<string | undefined> => {
      const tasks = await vscode.tasks.fetchTasks({ type: 'peel' });
      const mount = tasks.find(({ definition }) => definition['action'] === 'mount');
      return mount?.execution instanceof vscode.ProcessExecution
        ? mount.execution.options?.env?.['PEEL_TASK']
        : undefined;
    };
    assert.match(await until(lines), /mount -t overlay -o [^\n]*,nosuid,nodev/);
    await set('mount.nosuidNodev', false);
    assert.doesNotMatch(await until(lines), /nosuid/);
  });

  it("the files of pulled layers are excluded from watching, in addition to the editor's own excludes", () => {
    const left = vscode.workspace.getConfiguration('files').get<Record<string, boolean>>('watcherExclude') ?? {};
    assert.deepEqual(
      [left['**/images/**/layers/[0-9]*/**'], left['**/.git/objects/**'] ?? left['.git/objects/**']],
      [true, true],
    );
  });
});
