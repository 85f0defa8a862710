import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { peel, refusal, workspaceFolder } from './commands.ts';

describe('exporting an image', () => {
  let registry: Registry;
  let images: string;
  let reference: string;

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
    reference = `${registry.host}/demo/hello:latest`;
    images = join(workspaceFolder(), 'images');
  });
  after(async () => {
    await registry.close();
    rmSync(images, { recursive: true, force: true });
  });

  it('writes a layout from the registry, and every kind of archive from a pulled folder', async () => {
    const layout = join(images, 'hello-layout');
    const uri = await peel<vscode.Uri>('exportImage', { reference, format: 'oci-layout', target: layout });
    assert.equal(uri.fsPath, layout);
    assert.deepEqual(readdirSync(layout).toSorted(), ['blobs', 'index.json', 'oci-layout']);
    const { folder } = await peel<{ folder: string }>('pullImage', { reference });
    const before = registry.requests.length;
    for (const format of ['oci-archive', 'docker-archive', 'rootfs-tar']) {
      const target = vscode.Uri.file(join(images, `${format}.tar`));
      const written = await peel<vscode.Uri>('exportImage', { folder, format, target });
      assert.equal(written.fsPath, target.fsPath);
      assert.equal(readFileSync(target.fsPath).toString('latin1', 257, 262), 'ustar', format);
    }
    assert.equal(registry.requests.length, before, 'a pulled image needs no network');
    assert.ok(readFileSync(join(images, 'rootfs-tar.tar')).includes('app/hello.sh\0'));
  });

  it('refuses an unknown format and an existing target, and leaves no partial file', async () => {
    const target = join(images, 'rootfs-tar.tar');
    const size = readFileSync(target).length;
    assert.match(await refusal('exportImage', { reference, format: 'zip', target }), /expected one of oci-layout/);
    assert.match(await refusal('exportImage', { reference, format: 'rootfs-tar', target }), /is there already/);
    assert.equal(readFileSync(target).length, size);
    assert.equal(existsSync(`${target}.partial`), false);
    assert.deepEqual(
      readdirSync(images).filter(name => name.includes('partial')),
      [],
    );
  });
});
