import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { image, layer } from '../support/image.ts';
import { status } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file, whiteout } from '../support/tar.ts';
import { peel, refusal, until } from './commands.ts';

describe('the page about an image', () => {
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
  });

  const pages = (): vscode.Tab[] =>
    vscode.window.tabGroups.all
      .flatMap(group => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('peel.imagePage'));

  it('opens, and says which image it is about', async () => {
    const reference = `${registry.host}/demo/hello:latest`;
    const shown = await peel<Record<string, string>>('showImagePage', { reference, platform: 'linux/arm64' });
    assert.equal(shown['reference'], reference);
    assert.match(shown['platform'] ?? '', /^linux\/arm64/);
    assert.notEqual(shown['digest'], registry.store.manifest('demo/hello', 'latest')?.digest, 'the platform’s own');
    const [page] = await until(async () => (pages().length > 0 ? pages() : undefined));
    assert.match(page?.label ?? '', /demo\/hello:latest linux\/arm64/);
  });

  it('replaces an older page about the same image', async () => {
    const argument = { reference: `${registry.host}/demo/hello:latest`, platform: 'linux/arm64' };
    await peel('showImagePage', argument);
    await peel('showImagePage', argument);
    assert.equal(pages().filter(({ label }) => label.includes('demo/hello')).length, 1);
  });

  it('reports the files of all layers, wasted space, and secrets that were deleted later', async () => {
    const reference = `${registry.host}/demo/hello:latest`;
    const result = await peel<{
      readonly visibleBytes: number;
      readonly wastedBytes: number;
      readonly wasted: readonly { readonly path: string; readonly deleted: boolean }[];
      readonly secrets: readonly { readonly path: string; readonly layer: number }[];
    }>('analyzeImage', { reference, platform: 'linux/amd64' });
    assert.ok(result.visibleBytes > 1_000_000 && result.wastedBytes > 0);
    assert.equal(result.wasted.find(({ path }) => path === 'app/.env')?.deleted, true);
    assert.deepEqual(
      result.secrets.map(({ path, layer }) => [path, layer]),
      [['app/.env', 2]],
    );
    const before = registry.requests.filter(({ path }) => path.includes('/blobs/')).length;
    await peel('analyzeImage', { reference, platform: 'linux/amd64' });
    const after = registry.requests.filter(({ path }) => path.includes('/blobs/')).length;
    assert.equal(after, before, 'the second time needs no layer from the registry');
  });

  it('reports the kind and line of secrets inside files, but not their content', async () => {
    const token = ['gl', 'pat-', 'AbCdEfGhIjKlMnOpQrSt'].join('');
    const base = layer([file('srv/app.conf', `name = demo\ntoken = ${token}\n`)]);
    registry.store.put('demo/secrets', image({ layers: [base, layer([whiteout('srv/app.conf')])] }), 'latest');
    const result = await peel<{ readonly secrets: unknown }>('analyzeImage', {
      reference: `${registry.host}/demo/secrets:latest`,
      platform: 'linux/amd64',
    });
    assert.deepEqual(result.secrets, [
      { path: 'srv/app.conf', layer: 1, what: 'a GitLab token', line: 2, hidden: true },
    ]);
    assert.ok(!JSON.stringify(result).includes(token));
  });

  it('says when a layer is unavailable', async () => {
    const fault = registry.fault({ path: /\/blobs\// }, status(418));
    try {
      const reference = `${registry.host}/demo/nightly:2024-01-02`;
      assert.match(await refusal('analyzeImage', { reference }), /418/);
    } finally {
      fault.remove();
    }
  });

  it('supports schema 1', async () => {
    const shown = await peel<Record<string, string>>('showImagePage', {
      reference: `${registry.host}/library/busybox:v1`,
    });
    assert.match(shown['digest'] ?? '', /^sha256:/);
  });

  it('is refused for anything that is not an image', async () => {
    assert.match(await refusal('showImagePage', { reference: `${registry.host}/demo/notes:latest` }), /artifact/);
  });
});
