import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import test, { suite } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Decompressed, Decompressor } from '../../../../src/layers/compression/decompress.ts';
import {
  EncryptedLayerError,
  InvalidLayerError,
  refuseEncrypted,
  TruncatedLayerError,
  UnsupportedCompressionError,
} from '../../../../src/layers/errors.ts';
import { requireTool } from '../../../support/tools.ts';
import { feed } from '../unpacking.ts';

const CONTENT = Buffer.concat([Buffer.alloc(300_000, 'layer'), randomBytes(200_000), Buffer.alloc(700_000)]);
const SKIPPABLE = Buffer.concat([Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 9, 0, 0, 0]), Buffer.alloc(9, 'skipped')]);
const EMPTY_SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);

function decompress(blob: Buffer, step = 65536): Decompressed & { readonly output: Buffer } {
  const output: Buffer[] = [];
  const decompressor = new Decompressor({ write: chunk => output.push(Buffer.from(chunk)) });
  try {
    feed(decompressor, blob, step);
    const end = decompressor.end();
    return { ...end, output: Buffer.concat(output) };
  } finally {
    decompressor.close();
  }
}

function zstd(content: Buffer, checksum = true): Buffer {
  return zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 } });
}

const HALF = [CONTENT.subarray(0, 600_000), CONTENT.subarray(600_000)] as const;
const BLOBS: Readonly<Record<string, readonly [blob: Buffer, compression: string]>> = {
  'one gzip member': [gzipSync(CONTENT), 'gzip'],
  'stored gzip': [gzipSync(CONTENT, { level: 0 }), 'gzip'],
  'many gzip members': [Buffer.concat([...HALF, Buffer.alloc(0)].map(part => gzipSync(part))), 'gzip'],
  'padded gzip': [Buffer.concat([gzipSync(CONTENT), Buffer.alloc(5000)]), 'gzip'],
  'one zstd frame': [zstd(CONTENT), 'zstd'],
  'zstd without checksum': [zstd(CONTENT, false), 'zstd'],
  'many zstd frames': [Buffer.concat([...HALF, Buffer.alloc(0)].map(part => zstd(part))), 'zstd'],
  'zstd with frames to skip': [
    Buffer.concat([SKIPPABLE, zstd(HALF[0]), EMPTY_SKIPPABLE, SKIPPABLE, zstd(HALF[1]), SKIPPABLE]),
    'zstd',
  ],
  'plain bytes': [CONTENT, 'none'],
};

suite('decompression', () => {
  for (const [name, [blob, compression]] of Object.entries(BLOBS)) {
    test(`decompresses ${name} in chunks of any size`, () => {
      for (const step of [3, 997, 65536, 1 << 22]) {
        const { output, compression: found, junk } = decompress(blob, step);
        assert.ok(output.equals(CONTENT), `in pieces of ${step}`);
        assert.deepEqual([found, junk], [compression, 0]);
      }
    });

    if (compression !== 'none') {
      test(`notices where ${name} is cut short`, () => {
        const whole = new Set<number>();
        // Less than the magic number is not compressed data, and would be cut short as an archive.
        for (let at = 4; at < blob.length; at += at < 40 || blob.length - at < 40 ? 1 : 4999) {
          try {
            const { output } = decompress(blob.subarray(0, at));
            // Between two members or frames, or in the padding, no decoder can know.
            assert.ok(
              output.length === 0 || output.equals(CONTENT) || output.equals(HALF[0]),
              `at ${at} of ${blob.length}`,
            );
            whole.add(at);
          } catch (error) {
            assert.ok(error instanceof TruncatedLayerError, `at ${at} of ${blob.length}: ${String(error)}`);
          }
        }
        if (!/many|padded|skip/.test(name)) assert.deepEqual([...whole], []);
      });

      test(`notices damage of ${name}`, () => {
        let noticed = 0;
        for (let round = 0; round < 200; round++) {
          const damaged = Buffer.from(blob);
          const at = 10 + ((round * 7919) % (blob.length - 10));
          damaged[at] = (damaged[at] ?? 0) ^ (1 << (round % 8));
          try {
            const { output, junk } = decompress(damaged);
            // Damage in unused fields, skippable frames or padding leaves the content whole.
            // Without a checksum it goes unnoticed.
            assert.ok(
              output.equals(CONTENT) || junk > 0 || name === 'zstd without checksum',
              `at ${at} of ${blob.length}`,
            );
          } catch (error) {
            assert.ok(error instanceof InvalidLayerError || error instanceof TruncatedLayerError, String(error));
            noticed += 1;
          }
        }
        assert.ok(noticed > (name === 'zstd without checksum' ? 0 : 50), `${noticed}`);
      });
    }
  }

  test('counts junk after the data', () => {
    for (const junk of [
      Buffer.from('junk'),
      Buffer.from([0x1f]),
      Buffer.from([0x1f, 0]),
      Buffer.from([0, 0, 0, 1]),
      Buffer.from([0x28, 0xb5]),
    ]) {
      for (const blob of [gzipSync(CONTENT), zstd(CONTENT)]) {
        for (const step of [1000, 1 << 22]) {
          const { output, junk: found } = decompress(Buffer.concat([blob, junk]), step);
          assert.ok(output.equals(CONTENT));
          assert.equal(found, junk.length);
        }
      }
    }
  });

  test('passes on small pieces only, even of a bomb', () => {
    const bomb = zstdCompressSync(Buffer.alloc(512 << 20));
    assert.ok(bomb.length < 100_000);
    let total = 0;
    let longest = 0;
    const before = process.memoryUsage().rss;
    const decompressor = new Decompressor({
      write: chunk => {
        total += chunk.length;
        longest = Math.max(longest, chunk.length);
      },
    });
    decompressor.write(bomb);
    decompressor.end();
    assert.equal(total, 512 << 20);
    assert.ok(longest <= 1 << 20);
    assert.ok(process.memoryUsage().rss - before < 64 << 20);
  });

  test('goes by the first bytes, and names a compression that it does not read', () => {
    assert.throws(() => decompress(Buffer.from('fd377a585a000004', 'hex')), UnsupportedCompressionError);
    assert.throws(() => decompress(Buffer.from('425a683931415926', 'hex')), UnsupportedCompressionError);
    assert.throws(() => decompress(Buffer.from('04224d186440a700', 'hex')), UnsupportedCompressionError);
    assert.equal(decompress(Buffer.from('BZhouse.txt')).compression, 'none');
    assert.equal(decompress(Buffer.alloc(0)).compression, 'none');
    assert.equal(decompress(Buffer.from('abc')).output.toString(), 'abc');
  });

  /**
   * A frame with a window of 2^`log` bytes and one raw block, after the dictionary's ID if there is
   * one.
   */
  const frame = (log: number, dictionary: readonly number[] = []) =>
    Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, dictionary.length === 0 ? 0 : 1, (log - 10) << 3, ...dictionary]),
      Buffer.from([(5 << 3) | 1, 0, 0]),
      Buffer.from('layer'),
    ]);

  test('reads zstd windows up to 2 GB', () => {
    for (const log of [27, 28, 30, 31]) assert.equal(decompress(frame(log)).output.toString(), 'layer', `${log}`);
  });

  test('names the forms of zstd that it does not read', () => {
    const compression = (blob: Buffer) => {
      try {
        decompress(blob);
      } catch (error) {
        return error instanceof UnsupportedCompressionError ? error.compression : error;
      }
      return undefined;
    };
    assert.equal(compression(frame(32)), 'zstd and a window over 2 GB');
    assert.equal(compression(frame(20, [7])), 'zstd and a dictionary that is not part of the image');
  });

  test('refuses encrypted layers by their media type', () => {
    for (const type of ['tar+encrypted', 'tar+gzip+encrypted', 'tar+zstd+encrypted; x=y'])
      assert.throws(() => refuseEncrypted(`application/vnd.oci.image.layer.v1.${type}`), EncryptedLayerError);
    for (const type of ['', 'application/vnd.oci.image.layer.v1.tar+gzip']) refuseEncrypted(type);
  });

  for (const [tool, args] of [
    ['pigz', ['-c', '-p', '3', '-b', '128']],
    ['gzip', ['-c', '-9']],
    ['zstd', ['-c', '-19', '--long=27']],
    ['zstd', ['-c', '-1', '--long=28']],
    ['zstd', ['-c', '--no-check', '-T2', '-B100000']],
  ] as const) {
    test(`decompresses what ${tool} ${args.join(' ')} writes`, { skip: requireTool(tool) }, () => {
      const { stdout } = spawnSync(tool, args, { input: CONTENT, maxBuffer: 1 << 24 });
      assert.ok(decompress(stdout).output.equals(CONTENT));
    });
  }
});
