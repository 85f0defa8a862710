import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { describe, it, type TestContext } from 'node:test';
import { sharedTempRoot } from '../../support/sharedTemp.ts';
import { requireRoot } from '../../support/tools.ts';

function setTmpdir(t: TestContext, folder: string): void {
  const before = env.TMPDIR;
  env.TMPDIR = folder;
  t.after(() => {
    if (before === undefined) delete env.TMPDIR;
    else env.TMPDIR = before;
  });
}

describe('the shared temporary folder', { skip: requireRoot() }, () => {
  it('is TMPDIR only if other users can work there', t => {
    const folder = mkdtempSync(join(sharedTempRoot(), 'peel-shared-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    setTmpdir(t, inner);
    chmodSync(inner, 0o1777);
    assert.notEqual(sharedTempRoot(), inner, 'the folder above is private');
    chmodSync(folder, 0o755);
    assert.equal(sharedTempRoot(), inner);
    chmodSync(inner, 0o755);
    assert.notEqual(sharedTempRoot(), inner, 'only root can write to it');
  });
});
