import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

const id = 'peel.peel';

describe('activation', () => {
  it('starts in a real extension host', async () => {
    const extension = vscode.extensions.getExtension(id);
    assert.ok(extension, `${id} is not installed`);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('registers every command that package.json offers', async () => {
    const extension = vscode.extensions.getExtension<unknown>(id);
    assert.ok(extension);
    const manifest: { contributes: { commands: { command: string }[] } } = extension.packageJSON;
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands
      .map(({ command }) => command)
      .filter(command => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
