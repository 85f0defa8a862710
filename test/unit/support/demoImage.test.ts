import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEMO_REPOSITORIES, fillDemo } from '../../support/demoImage.ts';
import { isJson, parseJson } from '../../support/json.ts';
import { RegistryStore } from '../../support/registry/store.ts';

function digests(store: RegistryStore): string[] {
  return store.repositories().flatMap(name => store.manifests(name).map(({ digest }) => `${name}@${digest}`));
}

describe('the demo registry', () => {
  const store = new RegistryStore();
  fillDemo({ store });

  it('has the same bytes on every run', () => {
    const second = new RegistryStore();
    fillDemo({ store: second });
    assert.deepEqual(digests(second), digests(store));
    assert.deepEqual(store.repositories(), [...DEMO_REPOSITORIES]);
  });

  it('holds every blob that its manifests name, with the size they name', () => {
    for (const name of store.repositories()) {
      for (const { bytes, digest } of store.manifests(name)) {
        const { config, layers, fsLayers } = parseJson(bytes);
        const named = [config, ...(Array.isArray(layers) ? layers : []), ...(Array.isArray(fsLayers) ? fsLayers : [])];
        for (const descriptor of named.filter(isJson)) {
          const blob = store.blob(String(descriptor.digest ?? descriptor.blobSum));
          assert.ok(Buffer.isBuffer(blob), `${name}@${digest} lacks a blob`);
          if (descriptor.size !== undefined) assert.equal(blob.length, descriptor.size);
        }
      }
    }
  });
});
