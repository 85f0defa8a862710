import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { suite } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { fixAcrossLayers } from '../../../../src/layers/unpack/fixAcrossLayers.ts';
import { TarReader } from '../../../../src/layers/tar/tarReader.ts';
import { compress } from '../../../support/compress.ts';
import { seeded } from '../../../support/deflateWriter.ts';
import {
  device,
  directory,
  encodeEntry,
  type Entry,
  fifo,
  file,
  gnuSparse,
  hardlink,
  opaque,
  pax,
  paxSparse,
  symlink,
  tar,
  whiteout,
} from '../../../support/tar.ts';
import { requireTool } from '../../../support/tools.ts';
import { plantVictim } from '../../../support/victim.ts';
import { feed, unpack } from '../unpacking.ts';

const EXPECTED = new Set([
  'InvalidLayerError',
  'TruncatedLayerError',
  'HostileEntryError',
  'LimitExceededError',
  'DiskSpaceError',
  'UnsupportedCompressionError',
]);
const LIMITS = { maxBytes: 64 << 20, maxEntries: 2000 };
type Random = (below: number) => number;

/**
 * True when the bytes were taken; anything but an error that says what is wrong with them fails the
 * test.
 */
function survives(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    assert.ok(error instanceof Error && EXPECTED.has(error.name), error instanceof Error ? error.stack : String(error));
    return false;
  }
}

/** Every kind of entry that there is, with names that meet each other. */
function randomEntry(random: Random): Entry | Buffer {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] ?? assert.fail();
  const name = () =>
    Array.from({ length: 1 + random(3) }, () =>
      pick(['a', 'b', 'c', '..', '.', '.wh.a', '.wh.b', '.wh..wh.plnk', 'victim', '\u00e9']),
    ).join('/');
  const mode = random(0o10000);
  switch (random(12)) {
    case 0:
      return directory(`${name()}/`, { mode });
    case 1:
      return symlink(name(), pick([name(), `/${name()}`, `../${name()}`, '../victim', '']));
    case 2:
      return hardlink(name(), pick([name(), `/${name()}`, '../victim/hello']), { mode });
    case 3:
      return whiteout(name());
    case 4:
      return opaque(name());
    case 5:
      return fifo(name(), { mode });
    case 6:
      return device(name(), pick(['char', 'block'] as const), random(3), random(3));
    case 7:
      return paxSparse(name(), 100_000, [{ offset: 512 * random(20), data: Buffer.alloc(512, 'p') }]);
    case 8:
      return gnuSparse(name(), 100_000, [{ offset: 512 * random(20), data: Buffer.alloc(512, 'g') }]);
    case 9:
      return pax({ path: name(), linkpath: name(), size: String(random(3000)) });
    default:
      return file(name(), 'x'.repeat(random(1500)), {
        mode,
        uid: random(3),
        xattrs: random(4) === 0 ? { 'user.overlay.opaque': 'y', 'user.x': 'y' } : {},
      });
  }
}

function mutate(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  for (let count = 1 + random(6); count > 0; count--) {
    const at = random(changed.length);
    const kind = random(4);
    if (kind === 0) changed[at] = random(256);
    else if (kind === 1) changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) changed.copy(changed, random(changed.length), at, at + random(600));
    else changed.fill(random(2) * 255, at, Math.min(at + random(30), changed.length));
  }
  return random(5) === 0 ? changed.subarray(0, random(changed.length)) : changed;
}

/**
 * Makes the checksums right again, so that what was changed in headers gets through to what comes
 * behind.
 */
function repairChecksums(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return bytes;
}

const SEED = Number(process.env.PEEL_FUZZ_SEED ?? 20_240_101);
const ROUNDS = Number(process.env.PEEL_FUZZ_ROUNDS ?? 1);

suite(`fuzzing, seed ${SEED}`, { skip: requireTool('tar') }, () => {
  test('the reader takes or refuses any bytes', () => {
    const random = seeded(SEED);
    let taken = 0;
    for (let round = 0; round < 4000 * ROUNDS; round++) {
      const parts = Array.from({ length: 1 + random(6) }, () => randomEntry(random));
      const whole = tar(...parts);
      const bytes = round % 2 === 0 ? repairChecksums(mutate(whole, random)) : mutate(whole, random);
      let delivered = 0;
      const reader = new TarReader({
        entry: ({ size }) => assert.ok(size >= 0),
        data: chunk => void (delivered += chunk.length),
        endEntry() {},
      });
      if (survives(() => (feed(reader, bytes, 1 + random(2000)), reader.end()))) taken += 1;
      assert.ok(delivered <= bytes.length);
    }
    assert.ok(taken > 500, `${taken}`);
  });

  test('the same bytes are the same entries, however they are cut', () => {
    const random = seeded(SEED + 1);
    for (let round = 0; round < 500 * ROUNDS; round++) {
      const bytes = repairChecksums(mutate(tar(...Array.from({ length: 4 }, () => randomEntry(random))), random));
      const events = (step: number): string => {
        const seen: unknown[] = [];
        let data = '';
        const reader = new TarReader({
          entry: ({ xattrs, ...entry }) => void seen.push(entry, [...(xattrs ?? [])]),
          data: (chunk, position) =>
            void (data += `${position}:${Buffer.from(chunk).toString('latin1')}`.replace(/^\d+:/, '')),
          endEntry: () => void seen.push(data.length),
        });
        try {
          feed(reader, bytes, step);
          seen.push(reader.end());
        } catch (error) {
          seen.push(String(error));
        }
        return JSON.stringify([seen, data]);
      };
      assert.equal(events(1 + random(700)), events(1 << 20));
    }
  });

  test('layers of any entries are unpacked or refused, and harm nobody', () => {
    const random = seeded(SEED + 2);
    let taken = 0;
    const victim = plantVictim('destination/layers');
    try {
      for (let round = 0; round < 250 * ROUNDS; round++) {
        const layers = Array.from({ length: 2 }, () =>
          Array.from({ length: 1 + random(25) }, () => randomEntry(random)),
        );
        const done: { folder: string; sidecar: string }[] = [];
        for (const [index, entries] of layers.entries()) {
          const folder = join(victim.destination, String(index + 1));
          const whole = tar(...entries);
          const bytes = random(3) > 0 ? whole : repairChecksums(mutate(whole, random));
          if (survives(() => unpack(bytes, folder, { limits: LIMITS })))
            done.push({ folder, sidecar: `${folder}.json` });
        }
        fixAcrossLayers(done);
        taken += done.length;
        rmSync(victim.destination, { recursive: true, force: true });
        if (round % 10 === 0) victim.assertUnharmed();
      }
      victim.assertUnharmed();
    } finally {
      victim.remove();
    }
    assert.ok(taken > 50, `${taken}`);
  });

  test('damaged blobs are unpacked or refused', () => {
    const random = seeded(SEED + 3);
    const content = tar(
      ...Array.from({ length: 30 }, () => randomEntry(random)).filter(entry => !Buffer.isBuffer(entry)),
      encodeEntry(file('last', 'x'.repeat(50_000))),
    );
    const victim = plantVictim('destination/layers');
    try {
      const blobs = [
        compress(content, 'gzip'),
        compress(content, 'zstd'),
        Buffer.concat([zstdCompressSync(content.subarray(0, 9000)), zstdCompressSync(content.subarray(9000))]),
      ];
      for (let round = 0; round < 200 * ROUNDS; round++) {
        const blob = mutate(blobs[round % blobs.length] ?? assert.fail(), random);
        survives(() => unpack(blob, join(victim.destination, '1'), { limits: LIMITS }));
        rmSync(victim.destination, { recursive: true, force: true });
      }
      victim.assertUnharmed();
    } finally {
      victim.remove();
    }
  });

  test('what is small stays small', () => {
    // Each of these is short, and would take gigabytes or hours if anything were allocated or
    // walked by what it claims.
    const claims: Buffer[] = [
      tar(file('x', 'x', { pax: { size: '8589934592' } })),
      tar(paxSparse('x', 2 ** 45, [])),
      tar({ path: 'x', flag: 'S', format: 'gnu', size: 0, patch: block => void block.fill(0xff, 386, 482) }),
      tar(
        ...Array.from({ length: 40 }, (_, index) => symlink(`l${index}`, `l${index + 1}/l${index + 1}`)),
        file('l0/x'),
      ),
      tar(...Array.from({ length: 1500 }, (_, index) => hardlink(`h${index}`, `h${index + 1}`))),
      tar(
        ...Array.from({ length: 500 }, (_, index) => [
          directory('d/'),
          file(`d/${index}`),
          opaque('d'),
          whiteout('d'),
        ]).flat(),
      ),
    ];
    const victim = plantVictim('destination/layers');
    try {
      const before = process.memoryUsage().rss;
      for (const [index, bytes] of claims.entries())
        survives(() => unpack(bytes, join(victim.destination, String(index)), { limits: LIMITS }));
      assert.ok(process.memoryUsage().rss - before < 128 << 20);
    } finally {
      victim.remove();
    }
  });
});
