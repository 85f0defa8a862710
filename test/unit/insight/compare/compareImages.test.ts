import { setUpPulling } from '../../../support/pulling.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MergedTree } from '../../../../src/browse/tree/mergedTree.ts';
import { compareImages, type Comparison } from '../../../../src/insight/compare/compareImages.ts';
import type { ComparedFiles, ComparePorts } from '../../../../src/insight/compare/contentChecksums.ts';
import { archiveListing } from '../../../../src/layerAccess/layerArchive.ts';
import { openLayer } from '../../../../src/layerAccess/openLayer.ts';
import { estargz } from '../../../support/estargz.ts';
import { image, layer, type BuiltLayer } from '../../../support/image.ts';
import { packagesIn } from '../../../support/packages.ts';
import { file } from '../../../support/tar.ts';

const { signal } = new AbortController();
const { registry, pulling } = await setUpPulling();

async function open(tag: string, ...layers: readonly BuiltLayer[]): Promise<ComparedFiles> {
  registry.store.put('app', image({ layers }), tag);
  const resolved = await pulling.resolve(`${registry.host}/app:${tag}`, 'linux/amd64');
  const opened = resolved.layers.map(async one => ({
    number: one.number,
    files: await openLayer(pulling.layerWork, pulling.layerRequest(resolved, one), signal),
  }));
  return { image: resolved, tree: MergedTree.of(await Promise.all(opened)) };
}

/** Compares, and returns the digests of the layers that were read whole, too. */
async function compare(left: ComparedFiles, right: ComparedFiles): Promise<Comparison & { read: string[] }> {
  const read: string[] = [];
  const checksums: ComparePorts['checksums'] = layers => {
    read.push(...layers.map(({ descriptor }) => descriptor.digest));
    return Promise.all(
      layers.map(one => archiveListing(pulling.layerWork, pulling.layerRequest(one.image, one.layer), signal)),
    );
  };
  const packages: ComparePorts['packages'] = ({ image: of, tree }) => packagesIn(pulling, of, tree);
  const comparison = await compareImages(left, right, { checksums, packages }, signal);
  return { ...comparison, read };
}

test('reads whole layers where only contents tell files apart', async () => {
  const [one, two] = [estargz([file('conf', 'version=1')]), estargz([file('conf', 'version=2'), file('new', 'x')])];
  const { added, removed, changed, tree, read } = await compare(await open('1', one), await open('2', two));
  assert.deepEqual([added.map(({ path }) => path), removed], [['new'], []]);
  assert.deepEqual(
    changed.map(({ path, differs }) => [path, differs]),
    [['conf', ['content']]],
  );
  assert.equal(tree.count, 2);
  assert.deepEqual(read.toSorted(), [one.digest, two.digest].toSorted());
});

test('reads no layer that both sides have, nor one that is known whole', async () => {
  const base = estargz([file('conf', 'version=1')]);
  const { added, changed, read } = await compare(
    await open('1', base),
    await open('2', base, layer([file('new', '1')])),
  );
  assert.deepEqual([added.map(({ path }) => path), changed, read], [['new'], [], []]);
  const [left, right] = [layer([file('conf', 'version=1')]), layer([file('conf', 'version=2')])];
  const known = await compare(await open('3', left), await open('4', right));
  assert.deepEqual([known.changed.map(({ path }) => path), known.read], [['conf'], []]);
});

test('compares packages, and reports a database that cannot be read', async () => {
  const status = (version: string): string => `Package: a\nStatus: install ok installed\nVersion: ${version}\n`;
  const [left, right] = ['1', '2'].map(version => layer([file('var/lib/dpkg/status', status(version))]));
  assert.ok(left && right);
  const { packages } = await compare(await open('1', left), await open('2', right));
  const changed = [{ name: 'a', before: '1', after: '2' }];
  assert.deepEqual(packages, [{ kind: 'dpkg', changes: { added: [], removed: [], changed } }]);
  const damaged = await compare(await open('3', layer([file('var/lib/rpm/Packages', 'hello')])), await open('4', left));
  assert.match(damaged.unread ?? '', /package database can't be read/);
});
