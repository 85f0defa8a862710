import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { directory, file, symlink, whiteout } from '../support/tar.ts';
import { peel, refusal } from './commands.ts';

interface Listed {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly layer: number;
  readonly linkname?: string;
}

describe('files of images that were not pulled', () => {
  let registry: Registry;
  let reference: string;
  let scratch: string;

  before(async () => {
    registry = await startRegistry();
    const base = layer([
      directory('etc/'),
      file('etc/motd', 'from the base\n'),
      file('etc/gone', 'x'),
      directory('bin/'),
      file('bin/tool', '#!/bin/sh\necho tool\n', { mode: 0o755 }),
      symlink('run', '/bin/tool'),
      symlink('folder', 'etc'),
    ]);
    const top = layer([
      file('etc/motd', 'from the top\n'),
      whiteout('etc/gone'),
      file('etc/Ünïcode & more #1.txt', 'u'),
    ]);
    registry.store.put('demo/Files'.toLowerCase(), image({ layers: [base, top] }), 'V1');
    reference = `${registry.host}/demo/files:V1`;
    scratch = mkdtempSync(join(tmpdir(), 'peel-browse-'));
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await registry.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  const blobRequests = (): number => registry.requests.filter(({ path }) => path.includes('/blobs/')).length;

  it('lists the files of the merged image, of one layer, and of a folder', async () => {
    const files = await peel<Listed[]>('listFiles', { reference, platform: 'linux/amd64' });
    assert.deepEqual(
      files.map(({ path, type, layer }) => `${path} ${type} ${layer}`).toSorted(),
      [
        'bin directory 1',
        'bin/tool file 1',
        'etc directory 1',
        'etc/motd file 2',
        'etc/Ünïcode & more #1.txt file 2',
        'folder symlink 1',
        'run symlink 1',
      ].toSorted(),
    );
    const tool = files.find(({ path }) => path === 'bin/tool');
    assert.deepEqual(tool, { path: 'bin/tool', type: 'file', size: 20, mode: 0o755, uid: 0, gid: 0, layer: 1 });
    const base = await peel<Listed[]>('listFiles', { reference, platform: 'linux/amd64', layer: 1, path: '/etc' });
    assert.deepEqual(base.map(({ path }) => path).toSorted(), ['etc/gone', 'etc/motd']);
  });

  it('needs no blob once the listing is cached', async () => {
    const before = blobRequests();
    await peel('listFiles', { reference, platform: 'linux/amd64' });
    assert.equal(blobRequests(), before);
  });

  it('opens a file of the image or of a layer read-only, also through links', async () => {
    const uri = await peel<vscode.Uri>('openFile', { reference, platform: 'linux/amd64', path: 'folder/motd' });
    assert.equal(uri.scheme, 'peel');
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString());
    assert.equal(vscode.window.activeTextEditor?.document.getText(), 'from the top\n');
    const lower = await peel<vscode.Uri>('openFile', {
      reference,
      platform: 'linux/amd64',
      layer: 1,
      path: 'etc/motd',
    });
    assert.equal((await vscode.workspace.openTextDocument(lower)).getText(), 'from the base\n');
    const odd = await peel<vscode.Uri>('openFile', {
      reference,
      platform: 'linux/amd64',
      path: 'etc/Ünïcode & more #1.txt',
    });
    assert.equal((await vscode.workspace.openTextDocument(odd)).getText(), 'u');
    assert.equal(vscode.workspace.fs.isWritableFileSystem('peel'), false);
    await assert.rejects(async () => vscode.workspace.fs.writeFile(uri, Buffer.from('x')));
  });

  it('form a file system: kinds, links, failures', async () => {
    const uri = await peel<vscode.Uri>('openFile', { reference, platform: 'linux/amd64', path: 'etc/motd' });
    const root = uri.with({ path: '/' });
    assert.equal(vscode.Uri.parse(uri.toString()).toString(), uri.toString());
    const entries = new Map(await vscode.workspace.fs.readDirectory(root));
    const { Directory, File, SymbolicLink } = vscode.FileType;
    assert.equal(entries.get('etc'), Directory);
    assert.equal(entries.get('run'), File | SymbolicLink);
    assert.equal(entries.get('folder'), Directory | SymbolicLink);
    const stat = await vscode.workspace.fs.stat(vscode.Uri.joinPath(root, 'run'));
    assert.deepEqual([stat.type, stat.size], [File | SymbolicLink, 20]);
    const failure = async (path: string, read: 'readFile' | 'readDirectory'): Promise<string> => {
      try {
        await vscode.workspace.fs[read](vscode.Uri.joinPath(root, path));
        return 'none';
      } catch (error) {
        return error instanceof vscode.FileSystemError ? error.code : String(error);
      }
    };
    assert.equal(await failure('no/such', 'readFile'), 'FileNotFound');
    assert.equal(await failure('etc', 'readFile'), 'FileIsADirectory');
    assert.equal(await failure('etc/motd', 'readDirectory'), 'FileNotADirectory');
  });

  it('can be saved, but never over an existing file', async () => {
    const target = join(scratch, 'sub', 'tool');
    const uri = await peel<vscode.Uri>('saveFile', { reference, platform: 'linux/amd64', path: 'run', target });
    assert.equal(uri.fsPath, target);
    assert.equal(readFileSync(target, 'utf8'), '#!/bin/sh\necho tool\n');
    assert.equal(statSync(target).mode & 0o111, 0o111);
    const request = { reference, platform: 'linux/amd64', path: 'etc/motd', target };
    assert.match(await refusal('saveFile', request), /is there already/);
    assert.equal(readFileSync(target, 'utf8'), '#!/bin/sh\necho tool\n');
    const other = join(scratch, 'other');
    assert.match(await refusal('saveFile', { ...request, path: 'etc', target: other }), /is a directory, not a file/);
    assert.equal(existsSync(other), false);
  });

  it('reports what is wrong with a path or a layer', async () => {
    const request = { reference, platform: 'linux/amd64' };
    assert.match(await refusal('openFile', { ...request, path: 'no/such' }), /has no "no\/such"/);
    assert.match(await refusal('openFile', { ...request, path: 'etc' }), /is a directory, not a file/);
    assert.match(await refusal('listFiles', { ...request, layer: 9 }), /no layer 9/);
    const special = layer([
      { path: 'pipe', type: 'fifo' },
      { path: 'null', type: 'char', major: 1, minor: 3 },
    ]);
    registry.store.put('demo/special', image({ layers: [special] }), 'latest');
    const other = { reference: `${registry.host}/demo/special`, platform: 'linux/amd64' };
    assert.match(await refusal('openFile', { ...other, path: 'pipe' }), /is a named pipe \(FIFO\), not a file/);
    assert.match(await refusal('openFile', { ...other, path: 'null' }), /is a character device, not a file/);
  });
});
