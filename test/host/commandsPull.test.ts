import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { artifact, image, layer } from '../support/image.ts';
import { corrupt } from '../support/registry/faults.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { sha256 } from '../support/registry/store.ts';
import { file } from '../support/tar.ts';
import { peel, refusal, SHA256, workspaceFolder } from './commands.ts';

interface Pulled {
  readonly folder: string;
  readonly digest: string;
  readonly platform: string;
  readonly layers: readonly {
    readonly digest: string;
    readonly diffId: string;
    readonly size: number;
    readonly path: string;
  }[];
}

describe('commands that pull', () => {
  let registry: Registry;
  let images: string;

  before(async () => {
    registry = await startRegistry();
    fillDemo(registry);
    images = join(workspaceFolder(), 'images');
  });
  after(async () => {
    await registry.close();
    rmSync(images, { recursive: true, force: true });
  });

  const blobRequests = (): number => registry.requests.filter(({ path }) => path.includes('/blobs/')).length;

  it('pull into the default folder: unpacked layers, base first, next to a layout that other tools can read', async () => {
    const pulled = await peel<Pulled>('pullImage', { reference: `${registry.host}/demo/hello:latest` });
    assert.equal(pulled.folder, join(images, 'hello-latest'));
    assert.match(pulled.digest, SHA256);
    assert.match(pulled.platform, /^linux\//);
    assert.ok(pulled.layers.length > 2);
    for (const [at, layer] of pulled.layers.entries()) {
      assert.equal(layer.path, join(pulled.folder, 'layers', String(at + 1)));
      assert.match(layer.diffId, SHA256);
      assert.ok(lstatSync(layer.path).isDirectory());
    }
    assert.ok(existsSync(join(pulled.layers[0]!.path, 'bin/busybox')));
    assert.deepEqual(JSON.parse(readFileSync(join(pulled.folder, 'oci-layout'), 'utf8')), {
      imageLayoutVersion: '1.0.0',
    });
    for (const { digest } of pulled.layers) {
      assert.equal(sha256(readFileSync(join(pulled.folder, 'blobs/sha256', digest.slice(7)))), digest);
    }
  });

  it('find a complete image, and download nothing again', async () => {
    const before = blobRequests();
    const again = await peel<Pulled>('pullImage', { reference: `${registry.host}/demo/hello:latest` });
    assert.equal(again.folder, join(images, 'hello-latest'));
    assert.equal(blobRequests(), before);
  });

  it('run two pulls of the same image at once and get one complete image', async () => {
    const folder = 'images/twice';
    const reference = `${registry.host}/library/busybox:latest`;
    const [one, two] = await Promise.all([
      peel<Pulled>('pullImage', { reference, folder }),
      peel<Pulled>('pullImage', { reference, folder }),
    ]);
    assert.deepEqual(one, two);
    assert.ok(existsSync(join(one.layers[0]!.path, 'bin/busybox')));
  });

  it("refuse to write into the kernel's file systems", async () => {
    assert.match(
      await refusal('pullImage', { reference: `${registry.host}/demo/hello:latest`, folder: '/proc/peel' }),
      /is a file system of the kernel/,
    );
  });

  it('leave a folder with other content as it is', async () => {
    const folder = join(images, 'mine');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    assert.match(
      await refusal('pullImage', { reference: `${registry.host}/library/busybox:latest`, folder }),
      /not empty/,
    );
    assert.match(
      await refusal('pullImage', {
        reference: `${registry.host}/library/busybox:oci`,
        folder: join(images, 'hello-latest'),
      }),
      /another image/,
    );
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
    assert.ok(existsSync(join(images, 'hello-latest/layers/1/bin/busybox')));
  });

  it('pull schema 1, which has neither sizes nor a config', async () => {
    const pulled = await peel<Pulled>('pullImage', { reference: `${registry.host}/library/busybox:v1` });
    assert.ok(existsSync(join(pulled.folder, 'layers/1/bin/busybox')));
    for (const { size, diffId } of pulled.layers) {
      assert.ok(size > 0);
      assert.match(diffId, SHA256);
    }
  });

  it('refuse an image whose layer has the wrong digest, and leave no layer behind', async () => {
    const folder = join(images, 'wrong');
    const digest = registry.store.manifest('library/busybox', 'oci')!.digest;
    const manifest = JSON.parse(registry.store.manifest('library/busybox', digest)!.bytes.toString()) as {
      layers: { digest: string }[];
    };
    const fault = registry.fault({ path: manifest.layers[0]!.digest }, reply => ({
      ...reply,
      body: Buffer.from('something else, as long as it likes'),
    }));
    const message = await refusal('pullImage', { reference: `${registry.host}/library/busybox:oci`, folder });
    fault.remove();
    assert.match(message, /try again|Try again/);
    assert.equal(existsSync(join(folder, 'layers/1')), false);
    const pulled = await peel<Pulled>('pullImage', { reference: `${registry.host}/library/busybox:oci`, folder });
    assert.ok(existsSync(join(pulled.layers[0]!.path, 'bin/busybox')), 'the next pull makes it whole');
  });

  it('complete an interrupted pull from its row, also after the tag has moved', async () => {
    const folder = join(images, 'begun');
    const [old, next] = ['old', 'next'].map(text => image({ layers: [layer([file('version', text)])] }));
    assert.ok(old && next);
    registry.store.put('demo/moving', old, 'edge');
    const reference = `${registry.host}/demo/moving:edge`;
    const fault = registry.fault({ path: old.layers[0]!.digest }, corrupt());
    await refusal('pullImage', { reference, folder });
    fault.remove();
    registry.store.put('demo/moving', next, 'edge');
    assert.match(await refusal('pullImage', { reference, folder }), /has another image/);
    const { digest } = await peel<Pulled>('pullImage', { reference, folder, digest: old.digest });
    assert.equal(digest, old.digest);
    assert.equal(readFileSync(join(folder, 'layers/1/version'), 'utf8'), 'old');
    const described = JSON.parse(readFileSync(join(folder, 'peel.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual([described['reference'], described['complete']], [reference, true]);
  });

  it('say what to do with an artifact', async () => {
    assert.match(
      await refusal('pullImage', { reference: `${registry.host}/demo/notes:latest` }),
      /an artifact .*, not an image/,
    );
  });

  it('download and extract single layers', async () => {
    const reference = `${registry.host}/demo/hello:latest`;
    const file = await peel<{ digest: string; size: number; path: string }>('downloadLayer', { reference, layer: 1 });
    assert.match(file.path, /hello-latest-layers\/1-[0-9a-f]{12}\.tar\.(gz|zst)$/);
    const bytes = readFileSync(file.path);
    assert.equal(bytes.length, file.size);
    assert.equal(sha256(bytes), file.digest);
    const folder = join(images, 'one-layer');
    const extracted = await peel<{ digest: string; path: string }>('extractLayer', {
      reference,
      layer: file.digest,
      folder,
    });
    assert.equal(extracted.path, folder);
    assert.ok(existsSync(join(folder, 'bin/busybox')));
    const relativePath = await peel<{ path: string }>('extractLayer', {
      reference,
      layer: '1',
      folder: 'images/one-layer-more/',
    });
    assert.equal(relativePath.path, join(images, 'one-layer-more'));
    assert.match(await refusal('extractLayer', { reference, layer: 1, folder }), /is there already/);
    assert.match(await refusal('downloadLayer', { reference, layer: 99 }), /no layer 99/);
  });

  it("download an artifact's files by name, but never over an existing file", async () => {
    const reference = `${registry.host}/demo/notes:latest`;
    const notes = await peel<{ digest: string; size: number; path: string }>('downloadLayer', { reference, layer: 1 });
    assert.equal(notes.path, join(images, 'notes-latest-layers/notes.md'));
    assert.match(readFileSync(notes.path, 'utf8'), /^# Notes\n/);
    assert.equal(sha256(readFileSync(notes.path)), notes.digest);
    // The same size, but other bytes.
    const mine = 'x'.repeat(notes.size);
    rmSync(notes.path);
    writeFileSync(notes.path, mine);
    assert.match(await refusal('downloadLayer', { reference, layer: 1 }), /is there already/);
    assert.equal(readFileSync(notes.path, 'utf8'), mine);
    const files = [{ name: '../../escaped.txt', bytes: Buffer.from('out?') }];
    registry.store.put('demo/hostile', artifact({ artifactType: 'application/vnd.example.hostile', files }), 'latest');
    const hostile = await peel<{ path: string }>('downloadLayer', {
      reference: `${registry.host}/demo/hostile:latest`,
      layer: 1,
    });
    assert.equal(hostile.path, join(images, 'hostile-latest-layers/..-..-escaped.txt'));
    assert.equal(readFileSync(hostile.path, 'utf8'), 'out?');
  });

  it('apply all layers to one plain folder, from the registry or from a pulled image', async () => {
    const reference = `${registry.host}/demo/hello:latest`;
    const one = join(images, 'merged-from-registry');
    const two = join(images, 'merged-from-folder');
    const uri = await peel<vscode.Uri>('extractMerged', { reference, target: one });
    assert.equal(uri.fsPath, one);
    await peel('extractMerged', { folder: join(images, 'hello-latest'), target: vscode.Uri.file(two) });
    const names = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
    assert.deepEqual(names(one), names(two));
    assert.ok(existsSync(join(one, 'bin/busybox')));
    assert.ok(existsSync(join(one, 'app/README.md')));
    assert.deepEqual(
      names(one).filter(name => name.includes('.wh.')),
      [],
    );
    assert.match(await refusal('extractMerged', { reference, target: one }), /not empty/);
    assert.deepEqual(
      readdirSync(images).filter(name => name.includes('partial')),
      [],
    );
  });

  it('remove an image and report the freed space; the cache is cleared separately', async () => {
    const { folder } = await peel<Pulled>('pullImage', {
      reference: `${registry.host}/library/busybox:latest`,
      folder: 'images/gone',
    });
    const freed = await peel<number>('removeImage', { folder });
    assert.ok(freed > 0);
    assert.equal(existsSync(folder), false);
    assert.ok((await peel<number>('cleanCache')) > 0);
    assert.equal(await peel<number>('cleanCache'), 0);
    assert.ok(existsSync(join(images, 'hello-latest/blobs')), 'pulled images stay whole');
    assert.match(await refusal('removeImage', { folder: workspaceFolder() }), /isn't a pulled image/);
  });

  it('remove an image with a damaged description, and only files of the pull, so that it can be pulled again', async () => {
    const reference = `${registry.host}/library/busybox:latest`;
    const { folder } = await peel<Pulled>('pullImage', { reference, folder: 'images/damaged' });
    writeFileSync(join(folder, 'peel.json'), '{"version":1,');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    assert.match(
      await refusal('mountImage', { folder }),
      /peel\.json of the pulled image in .* is damaged.*Remove Image.*pull the image again/,
    );
    assert.match(await refusal('pullImage', { reference, folder }), /peel\.json is damaged.*remove this one/);
    assert.ok((await peel<number>('removeImage', { folder })) > 0);
    assert.deepEqual(readdirSync(folder), ['notes.txt']);
    rmSync(join(folder, 'notes.txt'));
    const again = await peel<Pulled>('pullImage', { reference, folder });
    assert.ok(existsSync(join(again.layers[0]!.path, 'bin/busybox')));
    await peel('removeImage', { folder });
  });

  it('refuse to remove an image through a link', async () => {
    const reference = `${registry.host}/library/busybox:latest`;
    const { folder } = await peel<Pulled>('pullImage', { reference, folder: 'images/linked' });
    const link = join(images, 'link');
    symlinkSync(folder, link);
    assert.match(await refusal('removeImage', { folder: `${link}/` }), /is a symbolic link to .*images\/linked/);
    assert.ok(existsSync(join(folder, 'layers/1/bin/busybox')));
    rmSync(link);
    await peel('removeImage', { folder });
  });
});
