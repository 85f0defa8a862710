import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, suite } from 'node:test';
import { MergedTree, type MergedNode } from '../../../src/browse/tree/mergedTree.ts';
import { hasRawBytes, nameBytes } from '../../../src/layers/tar/byteName.ts';
import { openLayer } from '../../../src/layerAccess/openLayer.ts';
import { realImage, putRealImage, type RealForm, requireRealImage, unpackTruth } from '../../support/realImage.ts';
import { startRegistry, type Registry } from '../../support/registry/registry.ts';
import { firstOf, requireTool } from '../../support/tools.ts';
import { type EntryFacts, readTree, type Tree } from '../../support/tree.ts';
import { LIMITS } from '../layers/unpacking.ts';
import { Pulling } from '../../support/pulling.ts';

const { signal } = new AbortController();

/** Returns a name as the tests' trees write it, with bytes that are not UTF-8 as `\xff`. */
function shown(path: string): string {
  if (!hasRawBytes(path)) return path;
  return nameBytes(path)
    .toString('latin1')
    .replace(/[\x80-\xff]/g, byte => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** Returns what users see of an entry, in the form of the tests' trees. */
function actualOf(node: MergedNode): Partial<EntryFacts> {
  const { type, size, mode, uid, gid, mtime, linkname = '' } = node.facts;
  return {
    type,
    mode: mode.toString(8),
    uid,
    gid,
    mtime: Math.floor(mtime),
    ...(type === 'file' && { size }),
    ...(type === 'symlink' && { linkname: shown(linkname) }),
  };
}

function truthOf({ type, mode, uid, gid, mtime, size, linkname }: EntryFacts): Partial<EntryFacts> {
  return {
    type,
    mode,
    uid,
    gid,
    mtime: Math.floor(mtime),
    ...(type === 'file' && { size }),
    ...(type === 'symlink' && { linkname }),
  };
}

async function hashOf(tree: MergedTree, node: MergedNode): Promise<string> {
  const hash = createHash('sha256');
  await tree.read(node, { write: chunk => void hash.update(chunk) }, signal);
  return hash.digest('hex');
}

suite('a real image that was not pulled', { skip: firstOf(requireRealImage(), requireTool('getfattr')) }, () => {
  let registry: Registry;
  let pulling: Pulling;
  let truth: Tree;

  before(async () => {
    const image = await realImage();
    registry = await startRegistry();
    pulling = new Pulling();
    putRealImage(registry.store, 'real', image);
    const bundle = mkdtempSync(join(tmpdir(), 'peel-truth-'));
    try {
      truth = readTree(await unpackTruth(image, join(bundle, 'bundle')));
    } finally {
      rmSync(bundle, { recursive: true, force: true });
    }
  });
  after(async () => {
    await pulling.end();
    await registry.close();
  });

  async function open(form: RealForm): Promise<MergedTree> {
    const image = await pulling.resolve(`${registry.host}/real:${form}`);
    const layers = image.layers.map(async layer => ({
      number: layer.number,
      files: await openLayer(pulling.layerWork, { ...pulling.layerRequest(image, layer), limits: LIMITS }, signal),
    }));
    return MergedTree.of(await Promise.all(layers));
  }

  for (const form of ['gzip', 'chunked', 'plain'] as const) {
    test(`lists exactly what umoci unpacks: ${form}`, async () => {
      const tree = await open(form);
      const nodes = new Map([...tree.walk()].map(node => [shown(node.path), node]));
      assert.ok(nodes.size > 5000);
      // A table of contents is JSON, whose writer replaced bytes that are not UTF-8.
      const known = (path: string): string => (form === 'chunked' ? path.replace(/\\x[0-9a-f]{2}/g, '\ufffd') : path);
      const expected = new Map(
        [...truth].filter(([path]) => path !== '.').map(([path, facts]) => [known(path), facts]),
      );
      assert.deepEqual([...nodes.keys()].toSorted(), [...expected.keys()].toSorted());
      for (const [path, node] of nodes)
        assert.deepEqual(actualOf(node), truthOf(expected.get(path) ?? assert.fail()), path);

      // All odd files and one in ten of the others; the huge sparse one has its own test.
      const files = [...nodes].filter(([, node]) => node.facts.type === 'file' && node.facts.size < 50e6);
      const chosen = files.filter(([path], at) => path.startsWith('odd/') || at % 10 === 0);
      assert.ok(chosen.length > 300);
      for (const [path, node] of chosen) assert.equal(await hashOf(tree, node), expected.get(path)?.sha256, path);
    });
  }

  test('reads a file that consists mostly of holes', async () => {
    const tree = await open('gzip');
    assert.equal(await hashOf(tree, tree.find('odd/sparse')), truth.get('odd/sparse')?.sha256);
  });
});
