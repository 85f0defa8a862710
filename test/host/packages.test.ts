import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import { image, layer } from '../support/image.ts';
import { startRegistry, type Registry } from '../support/registry/registry.ts';
import { file } from '../support/tar.ts';
import { peel, refusal, workspaceFolder } from './commands.ts';

interface Listing {
  readonly os?: { readonly id: string };
  readonly packages: readonly { readonly type: string; readonly name: string; readonly layer: number }[];
  readonly notes: readonly string[];
}

describe('packages', () => {
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
    const base = layer([
      file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n'),
      file('var/lib/dpkg/status', 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n'),
    ]);
    const app = layer([file('app/node_modules/b/package.json', '{"name":"b","version":"2","license":"MIT"}')]);
    registry.store.put('app', image({ layers: [base, app] }), '1');
  });
  after(() => registry.close());

  it('are listed for a reference, and for a pulled folder without a request', async () => {
    const reference = `${registry.host}/app:1`;
    const { os, packages, notes } = await peel<Listing>('listPackages', { reference, platform: 'linux/amd64' });
    assert.equal(os?.id, 'debian');
    assert.deepEqual(
      packages.map(({ type, name, layer: number }) => [type, name, number]),
      [
        ['dpkg', 'a', 1],
        ['npm', 'b', 2],
      ],
    );
    assert.deepEqual(notes, []);
    const folder = `${workspaceFolder()}/images/packages-1`;
    await peel('pullImage', { reference, platform: 'linux/amd64', folder });
    const requests = registry.requests.length;
    const pulled = await peel<Listing>('listPackages', { folder });
    assert.deepEqual(pulled.packages, packages);
    assert.equal(registry.requests.length, requests);
    for (const [format, key] of [
      ['cyclonedx-json', 'bomFormat'],
      ['spdx-json', 'spdxVersion'],
    ] as const) {
      const target = `${workspaceFolder()}/images/packages.${format}`;
      await peel('exportSbom', { folder, format, target });
      assert.match(readFileSync(target, 'utf8'), new RegExp(`"${key}"[^]*pkg:npm/b@2`));
      assert.match(await refusal('exportSbom', { folder, format, target }), /is there already/);
      rmSync(target);
    }
    assert.match(await refusal('exportSbom', { folder, format: 'x', target: '/x' }), /cyclonedx-json/);
    await peel('removeImage', { folder });
  });
});
