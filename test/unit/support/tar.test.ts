import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Entry, file, fifo, gnuSparse, hardlink, paxSparse, symlink, tar } from '../../support/tar.ts';
import { requireTool } from '../../support/tools.ts';

describe('the tests’ archives, read by the system’s tar', { skip: requireTool('tar') }, () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'peel-tar-'))));
  after(() => rmSync(folder, { recursive: true }));

  const extract = (...entries: Entry[]): void => {
    const archive = join(folder, 'a.tar');
    writeFileSync(archive, tar(...entries));
    execFileSync('tar', ['-xf', archive, '-C', folder, '--warning=no-timestamp'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  };
  const text = (path: string): string => readFileSync(join(folder, path), 'utf8');

  for (const format of ['pax', 'gnu'] as const) {
    it(`hold long names, links and unusual times in ${format} format`, () => {
      const long = `${'l'.repeat(120)}/${'ü'.repeat(100)}`;
      extract(
        file(long, 'content', { format, mtime: -5 }),
        hardlink(`hard-${format}`, long, { format }),
        symlink(`soft-${format}`, long, { format }),
        fifo(`fifo-${format}`),
      );
      assert.equal(text(long), 'content');
      assert.equal(text(`soft-${format}`), 'content');
      assert.equal(statSync(join(folder, `hard-${format}`)).mtimeMs, -5000);
      assert.ok(statSync(join(folder, `fifo-${format}`)).isFIFO());
      rmSync(join(folder, 'l'.repeat(120)), { recursive: true });
    });
  }

  it('hold sparse files of many segments', () => {
    const segments = Array.from({ length: 60 }, (_, n) => ({
      offset: n * 8192,
      data: Buffer.alloc(512, `data ${n};`),
    }));
    const whole = Buffer.alloc(1_000_000);
    for (const { offset, data } of segments) data.copy(whole, offset);
    extract(gnuSparse('gnu', whole.length, segments), paxSparse('pax', whole.length, segments), file('after', 'x'));
    assert.deepEqual(readFileSync(join(folder, 'gnu')), whole);
    assert.deepEqual(readFileSync(join(folder, 'pax')), whole);
    assert.equal(text('after'), 'x');
  });
});
