import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
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
    assert.match(page?.label ?? '', /^hello:latest$/);
  });

  it('is there for schema 1', async () => {
    const shown = await peel<Record<string, string>>('showImagePage', {
      reference: `${registry.host}/library/busybox:v1`,
    });
    assert.match(shown['digest'] ?? '', /^sha256:/);
  });

  it('is refused for what is no image', async () => {
    assert.match(await refusal('showImagePage', { reference: `${registry.host}/demo/notes:latest` }), /artifact/);
  });
});
