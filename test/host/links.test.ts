import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { openLink } from '../../src/vscode/links/openLink.ts';
import { peel, until } from './commands.ts';

describe('links to images', () => {
  let registry: Registry;
  const log = vscode.window.createOutputChannel('Peel links', { log: true });

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    log.dispose();
    await registry.close();
  });

  it('are copied, and open the file that they name', async () => {
    const reference = `${registry.host}/demo/hello:1.0.0`;
    const link = await peel<string>('copyLink', { reference, path: 'app/README.md' });
    assert.equal(link, await vscode.env.clipboard.readText());
    assert.ok(link.startsWith('vscode://peel.peel/open?reference='), link);
    const listed = { list: () => [{ name: registry.host, url: registry.url, insecure: false, mirrors: [] }] };
    await openLink(vscode.Uri.parse(link), { log, registries: listed });
    const path = await until(async () => vscode.window.activeTextEditor?.document.uri.path);
    assert.match(path, /app\/README\.md$/);
  });

  it('send no request without an image', async () => {
    const before = registry.requests.length;
    void openLink(vscode.Uri.parse('vscode://peel.peel/open?x=1'), { log, registries: { list: () => [] } });
    await new Promise(resolve => setTimeout(resolve, 50));
    assert.equal(registry.requests.length, before);
  });
});
