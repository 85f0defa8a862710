import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, linkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { create } from 'tar';
import { LayerUnpacker } from '../../../../src/layers/unpack/unpack.ts';
import { DEFAULT_LIMITS } from '../../../support/doubles.ts';
import { compareTrees, readTree } from '../../../support/tree.ts';

test('unpacks an archive by node-tar to the original tree', async t => {
  const root = mkdtempSync(join(tmpdir(), 'peel-node-tar-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const long = 'a-long-name-'.repeat(12);
  mkdirSync(join(root, 'from', long, 'ünïcödé 🐳'), { recursive: true });
  writeFileSync(join(root, 'from', long, 'ünïcödé 🐳', 'file'), 'content\n', { mode: 0o640 });
  writeFileSync(join(root, 'from', 'big'), Buffer.alloc(300_000, 'xyz'));
  writeFileSync(join(root, 'from', 'empty'), '');
  linkSync(join(root, 'from', 'big'), join(root, 'from', 'same'));
  symlinkSync('../outside', join(root, 'from', 'link'));
  // node-tar writes times in milliseconds.
  execFileSync('find', [join(root, 'from'), '-exec', 'touch', '-h', '-d', '@1704067200', '{}', '+']);
  const archive = join(root, 'layer.tar.gz');
  // With several jobs, node-tar fails if it finds a file's second name while it reads the file.
  await create({ file: archive, cwd: join(root, 'from'), gzip: true, jobs: 1 }, ['.']);
  const unpacker = new LayerUnpacker({
    folder: join(root, 'to'),
    sidecar: join(root, 'to.json'),
    limits: DEFAULT_LIMITS,
  });
  unpacker.write(readFileSync(archive));
  assert.deepEqual(unpacker.end().warnings, []);
  assert.deepEqual(compareTrees(readTree(join(root, 'from')), readTree(join(root, 'to'))), []);
});
