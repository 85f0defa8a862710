import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { parseReference } from '../../src/oci/reference.ts';
import { findFile } from '../../src/vscode/reveal/findRow.ts';
import { FolderRow } from '../../src/vscode/tree/folderRow.ts';
import type { TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file } from '../support/tar.ts';
import { peel, refusal, workspaceFolder } from './commands.ts';
import { makeTrees, textOf, type Trees } from './trees.ts';

describe('revealing a file', () => {
  let registry: Registry;
  let trees: Trees;
  let reference: string;
  const many = Array.from({ length: 1200 }, (_, at) => file(`many/f${at}`, ''));
  const base = layer([directory('etc/'), file('etc/motd', 'old'), directory('many/'), ...many]);
  const top = layer([file('etc/motd', 'new'), file('etc/new', '')]);
  const platform = 'linux/amd64';

  before(async () => {
    registry = await startRegistry();
    registry.store.put('demo/files', image({ layers: [base, top] }), 'latest');
    reference = `${registry.host}/demo/files:latest`;
    trees = makeTrees();
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await trees.dispose();
    await registry.close();
    rmSync(join(workspaceFolder(), 'images'), { recursive: true, force: true });
  });

  function imageRow(): TreeNode {
    const parsed = parseReference(reference);
    return trees.registriesRoot.show(parsed.registry).show(parsed.repository).show(parsed);
  }

  it('finds its row below a layer and among all files', async () => {
    const inLayer = await findFile(imageRow(), 'etc/motd', 2);
    assert.equal(inLayer && (await textOf(trees.registries, inLayer)), 'motd | 3 B · changed');
    assert.equal(inLayer?.argument.layer, 2);
    const merged = await findFile(imageRow(), '/etc/new');
    assert.equal(merged && (await textOf(trees.registries, merged)), 'new | 0 B');
    assert.equal(merged?.argument.layer, undefined);
    assert.equal((await findFile(imageRow(), 'etc/nothing/more', 1))?.argument.path, 'etc', 'as far as there is a row');
    assert.equal(await findFile(imageRow(), 'etc', 3), undefined);
  });

  it('loads a long list up to the row, and removes a filter that hides it', async () => {
    const folder = await findFile(imageRow(), 'many', 1);
    assert.ok(folder instanceof FolderRow);
    folder.filter = 'f7';
    const row = await findFile(imageRow(), 'many/f1150', 1);
    assert.equal(row?.argument.path, 'many/f1150');
    assert.equal(folder.filter, '');
    assert.ok((await folder.children()).includes(row));
  });

  it('is a command that returns the layer, for a row, a path, and the active editor', async () => {
    assert.equal(await peel('revealInLayer', { reference, platform, path: 'etc/motd' }), 2);
    assert.equal(await peel('revealInLayer', { reference, platform, path: 'etc' }), 1);
    const uri = await peel<vscode.Uri>('openFile', { reference, platform, layer: 1, path: 'etc/motd' });
    assert.equal(await vscode.commands.executeCommand('peel.revealInLayer', uri), 1);
    assert.equal(await vscode.commands.executeCommand('peel.revealInLayer'), 1);
    assert.equal(await peel('revealInFiles', { reference, platform, layer: 1, path: 'etc/motd' }), 'etc/motd');
    assert.match(await refusal('revealInLayer', { reference, platform, path: 'no/such' }), /has no "no\/such"/);
  });

  it('works in a pulled image, too', async () => {
    const { folder } = await peel<{ folder: string }>('pullImage', { reference, platform, folder: 'images/revealed' });
    assert.equal(await peel('revealInLayer', { folder, path: 'etc/motd' }), 2);
  });
});
