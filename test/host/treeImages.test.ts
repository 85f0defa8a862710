import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { MountState } from '../../src/overlay/mountState.ts';
import type { ImageFolder } from '../../src/pull/imageFolder.ts';
import type { ImageOnDisk } from '../../src/vscode/images/pulledImages.ts';
import type { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { isFiltered, type TreeNode } from '../../src/vscode/tree/treeNode.ts';
import { sha256 } from '../support/registry/store.ts';
import { find, makeTrees, texts, textOf, type Trees } from './trees.ts';

const DIGEST = sha256('an image');
const REFERENCE = '127.0.0.1:5000/demo/hello:1.0';
const NAME = 'hello:1.0';

describe('the Images tree', () => {
  let folder: string;
  let trees: Trees;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'peel-image-'));
    for (const path of ['layers/1/etc', 'layers/1/usr/lib', 'layers/2', 'merged/etc'])
      mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, 'layers/1/etc/passwd'), 'root:x:0:0\n');
    writeFileSync(join(folder, 'layers/2/new file.txt'), 'new');
    writeFileSync(join(folder, 'merged/etc/passwd'), 'root:x:0:0\n');
    symlinkSync('usr/lib', join(folder, 'layers/1/lib'));
    symlinkSync('/etc/passwd', join(folder, 'layers/1/absolute'));
    symlinkSync('../../../../../../etc/shadow', join(folder, 'layers/1/escape'));
  });
  beforeEach(() => (trees = makeTrees()));
  afterEach(() => trees.dispose());
  after(() => rmSync(folder, { recursive: true, force: true }));

  function onDisk(change: Partial<ImageFolder> = {}, mounted = false): ImageOnDisk {
    const layers = [
      { number: 1, digest: sha256('one'), size: 4_200_000, createdBy: 'ADD rootfs.tar /', folder: 'layers/1' },
      { number: 2, digest: sha256('two'), size: 1_000, createdBy: 'RUN touch # buildkit', folder: 'layers/2' },
    ];
    const image: ImageFolder = {
      folder,
      reference: REFERENCE,
      digest: DIGEST,
      mediaType: '',
      platform: 'linux/amd64',
      complete: true,
      layers,
      ...change,
    };
    const mount: MountState = {
      state: mounted ? 'mounted' : 'not mounted',
      mounted,
      mountPoint: join(folder, 'merged'),
      stacked: mounted ? 1 : 0,
      inside: [],
      alive: mounted,
    };
    return { folder, image, mount };
  }

  async function itemOf(tree: NodeTree, ...labels: readonly (string | RegExp)[]): Promise<vscode.TreeItem> {
    return tree.getTreeItem(await find(tree, ...labels));
  }

  it('is empty if nothing was pulled, so that the welcome text is shown', async () => {
    assert.deepEqual(await texts(trees.images), []);
  });

  it('shows a pulled image with platform, size and state, and its layers as folders', async () => {
    trees.setImages([onDisk()]);
    assert.deepEqual(await texts(trees.images), [`${NAME} | extracted · linux/amd64 · 4.2 MB · 127.0.0.1:5000/demo`]);
    assert.equal((await itemOf(trees.images, NAME)).contextValue, 'peel.image.extracted');
    const image = await find(trees.images, NAME);
    assert.deepEqual(await texts(trees.images, image), ['Layers | 2 layers · 4.2 MB', 'Manifest', 'Config']);
    const layers = await find(trees.images, NAME, 'Layers');
    assert.deepEqual(await texts(trees.images, layers), ['1 · ADD rootfs.tar / | 4.2 MB', '2 · RUN touch | 1.0 kB']);
    const files = await texts(trees.images, await find(trees.images, NAME, 'Layers', /^1 · |^Layer 1$/));
    assert.deepEqual(files, [
      'etc',
      'usr',
      'absolute | → /etc/passwd · 11 B',
      'escape | → ../../../../../../etc/shadow · leads to nothing here',
      'lib | → usr/lib',
    ]);
  });

  it('opens files from the disk, and links only if they stay inside the image', async () => {
    trees.setImages([onDisk()]);
    const opened = async (...labels: readonly (string | RegExp)[]): Promise<unknown> => {
      const { command } = await itemOf(trees.images, NAME, 'Layers', /^1 · |^Layer 1$/, ...labels);
      const [uri] = (command?.arguments ?? []) as vscode.Uri[];
      return uri?.fsPath;
    };
    assert.equal(await opened('etc', 'passwd'), join(folder, 'layers/1/etc/passwd'));
    assert.equal(await opened('absolute'), join(folder, 'layers/1/etc/passwd'), "the image's file, not the machine's");
    assert.equal(await opened('escape'), undefined);
  });

  it('follows the state in the same row: incomplete, extracted, mounted', async () => {
    const { images } = trees;
    trees.setImages([onDisk({ complete: false })]);
    const row = await find(images, NAME);
    assert.equal((await images.getTreeItem(row)).contextValue, 'peel.image.incomplete');
    assert.deepEqual(await texts(images, row), ['Layers | 2 layers · 4.2 MB']);
    trees.setImages([onDisk({}, true)]);
    assert.equal((await images.getChildren())[0], row);
    assert.match(await textOf(images, row), /\| mounted · /);
    assert.equal((await images.getTreeItem(row)).contextValue, 'peel.image.mounted');
    assert.deepEqual((await texts(images, row)).slice(0, 1), ['Merged | all layers, writable']);
    assert.deepEqual(await texts(images, await find(images, NAME, 'Merged')), ['etc']);
    trees.setImages([]);
    assert.deepEqual(await texts(images), []);
  });

  it('passes the folder and its contents to commands', async () => {
    trees.setImages([onDisk()]);
    const image = await find(trees.images, NAME);
    assert.deepEqual(image.argument, { folder, reference: REFERENCE, platform: 'linux/amd64', digest: DIGEST });
  });

  it('narrows a folder by a filter', async () => {
    trees.setImages([onDisk()]);
    const layer = await find(trees.images, NAME, 'Layers', /^1 · |^Layer 1$/);
    assert.ok(isFiltered(layer));
    layer.filter = 'et';
    assert.deepEqual(await texts(trees.images, layer), ['etc']);
    assert.match(await textOf(trees.images, layer), /\| .*filter: et$/);
    assert.match(
      (await trees.images.getTreeItem(layer)).contextValue ?? '',
      /^peel\.image\.layer\.extracted\+filtered$/,
    );
  });

  it('says what is wrong with a layer whose folder is missing', async () => {
    trees.setImages([onDisk({ layers: [{ number: 1, digest: sha256('three'), size: -1, folder: 'layers/3' }] })]);
    const layer = await find(trees.images, NAME, 'Layers', /^1 · |^Layer 1$/);
    const [row] = await trees.images.getChildren(layer);
    assert.match((await trees.images.getTreeItem(row as TreeNode)).contextValue ?? '', /^peel\.failure/);
  });

  it('shows an invalid reference as plain text', async () => {
    trees.setImages([onDisk({ reference: 'not a\nreference \u202e' })]);
    assert.match((await texts(trees.images))[0] ?? '', /^not a reference \|/);
  });
});

describe('documents of Peel', () => {
  it("explain why they can't be shown, and stay read-only", async () => {
    const uri = vscode.Uri.from({
      scheme: 'peel-json',
      path: '/127.0.0.1:1/demo/hello:1.0 manifest.json',
      query: 'what=manifest&reference=127.0.0.1:1/demo/hello:1.0',
    });
    const document = await vscode.workspace.openTextDocument(uri);
    const { problem, reason } = JSON.parse(document.getText()) as Record<string, unknown>;
    assert.match(String(problem), /can't show/);
    assert.match(String(reason), /refuses connections/);
    const strange = await vscode.workspace.openTextDocument(uri.with({ query: 'what=secrets' }));
    assert.match(strange.getText(), /isn.t a document of Peel/);
  });
});
