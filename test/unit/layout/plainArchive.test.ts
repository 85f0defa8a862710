import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { InvalidLocalImageError } from '../../../src/layout/layoutFiles.ts';
import { plainArchive } from '../../../src/layout/plainArchive.ts';
import { compress } from '../../support/compress.ts';
import { tempFolder } from '../../support/servers/process.ts';
import { file, tar } from '../../support/tar.ts';

let place: ReturnType<typeof tempFolder>;
before(() => {
  place = tempFolder('plain');
});
after(() => place.remove());

const at = (name: string): string => join(place.path, name);
const archive = tar(file('noise', randomBytes(3_000_000)));
const watch = { signal: new AbortController().signal, onProgress: () => undefined };
const kept = (): string[] => readdirSync(at('cache'));

test('reads an uncompressed archive in place', async () => {
  writeFileSync(at('plain.tar'), archive);
  assert.equal(await plainArchive(at('plain.tar'), at('cache'), watch), at('plain.tar'));
  assert.equal(await plainArchive(place.path, at('cache'), watch), place.path);
});

for (const compression of ['gzip', 'zstd'] as const) {
  test(`decompresses an archive once, and again when it has changed: ${compression}`, async () => {
    const path = at(`${compression}.tar`);
    writeFileSync(path, compress(archive, compression));
    const told: number[] = [];
    const plain = await plainArchive(path, at('cache'), {
      ...watch,
      onProgress: (done, total) => told.push(done / total),
    });
    assert.ok(readFileSync(plain).equals(archive));
    assert.equal(told.at(-1), 1);
    writeFileSync(plain, 'not read again');
    assert.equal(await plainArchive(path, at('cache'), watch), plain);
    assert.equal(readFileSync(plain, 'utf8'), 'not read again');
    utimesSync(path, 1, 1);
    const again = await plainArchive(path, at('cache'), watch);
    assert.notEqual(again, plain);
    assert.ok(readFileSync(again).equals(archive));
  });

  test(`leaves nothing of a damaged or truncated archive: ${compression}`, async () => {
    const before = kept();
    const whole = compress(archive, compression);
    for (const bytes of [whole.subarray(0, 1_000_000), Buffer.concat([whole, Buffer.from('junk behind it')])]) {
      writeFileSync(at('damaged.tar'), bytes);
      const refused = (error: unknown): boolean =>
        error instanceof InvalidLocalImageError && error.message.includes(`${compression} -d`);
      await assert.rejects(plainArchive(at('damaged.tar'), at('cache'), watch), refused);
    }
    assert.deepEqual(kept(), before);
  });
}

test('leaves nothing after a cancellation', async () => {
  const before = kept();
  writeFileSync(at('cancelled.tar'), compress(archive, 'gzip'));
  const controller = new AbortController();
  const cancelled = { signal: controller.signal, onProgress: () => controller.abort() };
  await assert.rejects(plainArchive(at('cancelled.tar'), at('cache'), cancelled), { name: 'AbortError' });
  assert.deepEqual(kept(), before);
});

test('refuses other compressions with a remedy', async () => {
  writeFileSync(at('other.tar'), Buffer.from('fd377a585a000004', 'hex'));
  await assert.rejects(plainArchive(at('other.tar'), at('cache'), watch), /decompress it first/);
});
