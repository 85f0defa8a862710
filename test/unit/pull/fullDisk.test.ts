import { setUpPulling } from '../../support/pulling.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { errorCode } from '../../../src/oci/errorCode.ts';
import { DiskFullError } from '../../../src/workers/layerErrors.ts';
import { image, layer } from '../../support/image.ts';
import { directory, file } from '../../support/tar.ts';
import { requireRoot } from '../../support/tools.ts';

const KIB = 1024;
const big = Buffer.alloc(300 * KIB, 'peel');

/** Fills the disk, then frees `room` bytes. */
function fill(path: string, room: number): void {
  const fd = openSync(path, 'w');
  let length = 0;
  try {
    for (;;) length += writeSync(fd, Buffer.alloc(4 * KIB, 1));
  } catch (error) {
    assert.equal(errorCode(error), 'ENOSPC');
    ftruncateSync(fd, length - room);
  } finally {
    closeSync(fd);
  }
}

const { registry, pulling } = await setUpPulling();

describe('a full disk', { skip: requireRoot() }, () => {
  let disk: string;

  before(() => {
    const layers = [
      layer([directory('etc/'), file('etc/motd', 'hello\n')]),
      layer([file('big', big)], { compression: 'none' }),
    ];
    registry.store.put('app', image({ layers, format: 'oci' }), 'oci');
  });
  beforeEach(() => {
    disk = pulling.folder('disk');
    mkdirSync(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'peel-test', disk]);
  });
  afterEach(() => execFileSync('umount', [disk]));

  // It fails at the lock, at peel.json, within a layer, at the copy of the blob.
  for (const room of [0, 4, 8, 200, 400]) {
    test(`with ${room} KiB left: fails cleanly, leaves nothing incomplete, and the next pull resumes`, async () => {
      const other = join(disk, 'other');
      fill(other, room * KIB);
      await assert.rejects(
        pulling.pull(`${registry.host}/app:oci`, 'disk/app'),
        (error: unknown) => error instanceof DiskFullError || errorCode(error) === 'ENOSPC',
      );
      const app = join(disk, 'app');
      const left = existsSync(app) ? readdirSync(app, { recursive: true, encoding: 'utf8' }) : [];
      assert.deepEqual(
        left.filter(name => /partial|lock/.test(name)),
        [],
      );
      rmSync(other);
      await pulling.pull(`${registry.host}/app:oci`, 'disk/app');
      assert.equal(readFileSync(join(app, 'layers/1/etc/motd'), 'utf8'), 'hello\n');
      assert.ok(readFileSync(join(app, 'layers/2/big')).equals(big));
    });
  }
});
