import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { constants, crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { InflateEngine } from '../../../../../src/layers/compression/inflate/engine.ts';
import {
  GzipInflater,
  type GzipOptions,
  type GzipPoint,
} from '../../../../../src/layers/compression/inflate/inflate.ts';
import { InflateError } from '../../../../../src/layers/compression/inflate/inflateError.ts';
import { seeded } from '../../../../support/deflateWriter.ts';
import { requireTool } from '../../../../support/tools.ts';

const engine = InflateEngine.load();
assert.ok(engine, 'this Node.js has WebAssembly with vectors');

/** Cuts into chunks of one size, or of random sizes below `-size`. */
function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  const random = seeded(bytes.length);
  for (let from = 0; from < bytes.length;) {
    const length = size > 0 ? size : 1 + random(-size);
    yield bytes.subarray(from, from + length);
    from += length;
  }
}

function gunzip(input: Uint8Array, size = 1 << 20, options: GzipOptions = {}): { data: Buffer; junk: number } {
  assert.ok(engine);
  const parts: Buffer[] = [];
  const inflater = new GzipInflater(engine, { write: chunk => parts.push(Buffer.from(chunk)) }, options);
  for (const chunk of chunksOf(input, size)) inflater.write(chunk);
  return { junk: inflater.end(), data: Buffer.concat(parts) };
}

/** Text with near and far matches, like a log file's. */
function text(length: number): Buffer {
  const random = seeded(7);
  const words = Array.from({ length: 3000 }, () => random(2 ** 31).toString(36));
  const parts: string[] = [];
  for (let size = 0; size < length;) {
    const word = words[random(random(words.length) + 1)]!;
    parts.push(word);
    size += word.length + 1;
  }
  return Buffer.from(parts.join(' ')).subarray(0, length);
}

function noise(length: number): Buffer {
  const random = seeded(length);
  return Buffer.from(Array.from({ length }, () => random(256)));
}

/** Short runs of every period, with single bytes between them. */
function periods(): Buffer {
  const random = seeded(11);
  const parts: Buffer[] = [];
  for (let period = 1; period < 70; period += 1) {
    for (const length of [3, 15, 16, 17, 31, 32, 33, 257, 258, 259, 700]) {
      parts.push(Buffer.alloc(period + length, noise(period + 1000)), Buffer.from([random(256)]));
    }
  }
  return Buffer.concat(parts);
}

/** A block that repeats at the farthest distance of a match, and one byte nearer and farther. */
function farMatches(): Buffer {
  const block = noise(300);
  return Buffer.concat([32767, 32768, 32769].flatMap(far => [block, noise(far - 300), block, noise(40000)]));
}

const binary = readFileSync(process.execPath).subarray(4_000_000, 5_500_000);

const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'one byte': Buffer.from('x'),
  text: text(1_200_000),
  binary,
  noise: noise(300_000),
  zeros: Buffer.alloc(3_000_000),
  periods: periods(),
  'far matches': farMatches(),
};

const streams: (readonly [string, Buffer, Buffer])[] = Object.entries(contents).flatMap(([name, data]) => [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(level => [`${name}, level ${level}`, data, gzipSync(data, { level })] as const),
  [`${name}, fixed codes`, data, gzipSync(data, { strategy: constants.Z_FIXED })] as const,
  [`${name}, Huffman codes only`, data, gzipSync(data, { strategy: constants.Z_HUFFMAN_ONLY })] as const,
  [`${name}, runs only`, data, gzipSync(data, { strategy: constants.Z_RLE })] as const,
  [`${name}, small window`, data, gzipSync(data, { windowBits: 9, memLevel: 1 })] as const,
]);

/** A hand-made member around a raw deflate stream. */
function member(raw: Buffer, data: Buffer, header: Uint8Array = Buffer.from('1f8b08000000000000ff', 'hex')): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, raw, trailer]);
}

/** The stream of a compressor that is flushed in every way between parts. */
async function flushed(): Promise<Buffer> {
  const { createGzip } = await import('node:zlib');
  const gzip = createGzip({ level: 6 });
  const parts: Buffer[] = [];
  gzip.on('data', (part: Buffer) => parts.push(part));
  const data = contents['text']!;
  const kinds = [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH, constants.Z_PARTIAL_FLUSH];
  for (let i = 0; i < 30; i += 1) {
    gzip.write(data.subarray(i * 1777, (i + 1) * 1777));
    await new Promise<void>(resolve => gzip.flush(kinds[i % 3], resolve));
  }
  gzip.end();
  await new Promise(resolve => gzip.once('end', resolve));
  return Buffer.concat(parts);
}

suite('inflates what zlib writes', () => {
  for (const [name, data, stream] of streams) {
    test(name, () => {
      const { data: got, junk } = gunzip(stream);
      assert.ok(got.equals(data));
      assert.equal(junk, 0);
      for (const size of [4093, -70_000]) assert.ok(gunzip(stream, size).data.equals(data), `chunks of ${size}`);
    });
  }
});

test('accepts chunks of every small size', () => {
  const data = Buffer.concat([text(40_000), noise(3000), Buffer.alloc(9000), periods().subarray(0, 20_000)]);
  for (const options of [{ level: 1 }, { level: 9 }, { level: 0 }, { strategy: constants.Z_FIXED }]) {
    const stream = gzipSync(data, options);
    for (const size of [1, 2, 3, 5, 7, 8, 9, 13, 31, 32, 33, 61, 251, 563, 564, 1021, -5, -40, -600]) {
      assert.ok(gunzip(stream, size).data.equals(data), `chunks of ${size}`);
    }
  }
});

test('inflates a stream with flushes of every kind', async () => {
  const stream = await flushed();
  assert.ok(gunzip(stream).data.equals(gunzipSync(stream)));
  assert.ok(gunzip(stream, 1).data.equals(gunzipSync(stream)));
});

suite('inflates what other compressors write', () => {
  const compressors = [
    ['gzip', '-1'],
    ['gzip', '-9'],
    ['pigz', '-p2', '-b128'],
    ['pigz', '-p2', '-i'],
    ['pigz', '-11', '-I1'],
  ] as const;
  const data = Buffer.concat([text(300_000), binary.subarray(0, 300_000)]);
  for (const [command, ...args] of compressors) {
    test([command, ...args].join(' '), { skip: requireTool(command) }, () => {
      const { status, stdout } = spawnSync(command, [...args, '-c'], { input: data, maxBuffer: 1 << 24 });
      assert.equal(status, 0);
      assert.ok(gunzip(stdout).data.equals(data));
      assert.ok(gunzip(stdout, 1021).data.equals(data));
    });
  }
});

suite('members', () => {
  const parts = [text(5000), Buffer.alloc(0), noise(70_000), Buffer.from('end'), Buffer.alloc(400_000, 'ab')];
  const stream = Buffer.concat(parts.map((part, i) => gzipSync(part, { level: i * 2 })));

  test('are concatenated', () => {
    for (const size of [1 << 20, 1, 17, -3000]) {
      const { data, junk } = gunzip(stream, size);
      assert.ok(data.equals(Buffer.concat(parts)));
      assert.equal(junk, 0);
    }
  });

  test('cannot refer to the member before', () => {
    // A fixed block: length 3 at distance 1, end of block.
    const raw = Buffer.from([0b0000_0011, 0b0000_0010, 0b0000_0000]);
    const two = Buffer.concat([gzipSync('a'), member(raw, Buffer.from('aaa'))]);
    assert.throws(() => gunzipSync(two), /too far back/);
    assert.throws(() => gunzip(two), /too far back/);
  });

  test('may be followed by NUL bytes as padding', () => {
    for (const size of [1 << 20, 1]) {
      const { data, junk } = gunzip(Buffer.concat([stream, Buffer.alloc(1000)]), size);
      assert.ok(data.equals(Buffer.concat(parts)));
      assert.equal(junk, 0);
    }
  });

  test('may be followed by junk, which is counted', () => {
    const junks = ['1f', '1f00', '8b1f', '0000001f8b', 'ff'.repeat(200_000), '00'.repeat(9) + '01'];
    for (const junk of junks.map(hex => Buffer.from(hex, 'hex'))) {
      for (const size of [1 << 20, 1]) {
        const { data, junk: counted } = gunzip(Buffer.concat([stream, junk]), size);
        assert.ok(data.equals(Buffer.concat(parts)));
        assert.equal(counted, junk.length);
      }
    }
  });

  test('are checked even after the first: a damaged one is an error, not junk', () => {
    const second: Buffer = gzipSync('hello');
    second[12]! ^= 0xff;
    assert.throws(() => gunzip(Buffer.concat([stream, second])), InflateError);
    assert.throws(() => gunzip(Buffer.concat([stream, Buffer.from([0x1f, 0x8b])])), { truncated: true });
    assert.throws(() => gunzip(Buffer.concat([stream, Buffer.from([0x1f, 0x8b, 7])])), /compression method/);
  });
});

suite('headers', () => {
  const data = text(3000);
  const raw = deflateRawSync(data);

  /** A header with the fields that `flags` announce. */
  function header(flags: number, nameLength = 9, wrongCrc = 0): Buffer {
    const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 3])];
    if (flags & 4) parts.push(Buffer.from([0x2c, 0x01]), noise(300));
    if (flags & 8) parts.push(Buffer.alloc(nameLength, 'n'), Buffer.alloc(1));
    if (flags & 16) parts.push(Buffer.from('a comment\0'));
    const crc = (crc32(Buffer.concat(parts)) & 0xffff) ^ wrongCrc;
    if (flags & 2) parts.push(Buffer.from([crc & 255, crc >> 8]));
    return Buffer.concat(parts);
  }

  test('may have any set of fields, in parts of any size', () => {
    for (let flags = 0; flags < 32; flags += 1) {
      const stream = member(raw, data, header(flags));
      assert.ok(gunzipSync(stream).equals(data));
      for (const size of [1 << 20, 1, 11]) assert.ok(gunzip(stream, size).data.equals(data), `flags ${flags}`);
    }
  });

  test('may have a name longer than all buffers', () => {
    const stream = member(raw, data, header(2 + 8, 700_000));
    for (const size of [1 << 20, 999]) assert.ok(gunzip(stream, size).data.equals(data));
  });

  test('may have an empty extra field and empty strings', () => {
    const empty = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 4 + 8 + 16, 0, 0, 0, 0, 0, 3]), Buffer.alloc(4)]);
    for (const size of [1 << 20, 1]) assert.ok(gunzip(member(raw, data, empty), size).data.equals(data));
  });

  test('are refused if zlib refuses them', () => {
    for (const flags of [32, 64, 128]) {
      const stream = member(raw, data, Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]));
      assert.throws(() => gunzipSync(stream));
      assert.throws(() => gunzip(stream), /unknown header flags/);
    }
    assert.throws(() => gunzip(member(raw, data, header(31, 9, 1))), /header checksum/);
    assert.throws(() => gunzip(member(raw, data, Buffer.from('1f8b07000000000000ff', 'hex'))), /compression method/);
    assert.throws(() => gunzip(Buffer.from('plain text')), /no gzip header/);
    assert.throws(() => gunzip(Buffer.from([0x1f, 0x8c])), /no gzip header/);
  });
});

suite('trailers', () => {
  const stream = gzipSync(text(3000));

  test('with a wrong checksum or length are an error', () => {
    for (let back = 1; back <= 8; back += 1) {
      const wrong = Buffer.from(stream);
      wrong[wrong.length - back]! ^= 1;
      assert.throws(() => gunzip(wrong), back > 4 ? /incorrect data check/ : /incorrect length check/);
      assert.throws(() => gunzip(wrong, 1), InflateError);
    }
  });

  test('can go without the check of the checksum, but not of the length', () => {
    const wrong = Buffer.from(stream);
    wrong[wrong.length - 5]! ^= 1;
    gunzip(wrong, 100, { checksum: false });
    wrong[wrong.length - 1]! ^= 1;
    assert.throws(() => gunzip(wrong, 100, { checksum: false }), /incorrect length check/);
  });
});

suite('a stream cut short', () => {
  test('is an error at every byte', () => {
    for (const options of [{ level: 0 }, { level: 6 }, { strategy: constants.Z_FIXED }]) {
      const stream = gzipSync(text(900), options);
      for (let length = 0; length < stream.length; length += 1) {
        assert.throws(() => gunzipSync(stream.subarray(0, length)));
        for (const size of [1 << 20, 1]) {
          assert.throws(() => gunzip(stream.subarray(0, length), size), { name: 'InflateError', truncated: true });
        }
      }
    }
  });
});

suite('restart points', () => {
  const small = { windowBits: 9, memLevel: 1 };
  const cases: Readonly<Record<string, Buffer>> = {
    text: gzipSync(contents['text']!),
    'binary, best': gzipSync(binary, { level: 9 }),
    'many small blocks': gzipSync(contents['text']!.subarray(0, 100_000), small),
    'stored blocks': gzipSync(contents['noise']!, { level: 0 }),
    'far matches': gzipSync(contents['far matches']!, { memLevel: 3 }),
    'blocks of megabytes': gzipSync(Buffer.concat([Buffer.alloc(9_000_000), text(300_000), Buffer.alloc(5_000_000)])),
    members: Buffer.concat([gzipSync(text(90_000), small), gzipSync(periods(), { memLevel: 2 }), gzipSync('end')]),
  };

  /** All points, at least `every` bytes apart, each with a copy of its window. */
  function pointsOf(stream: Buffer, every: number, checksum = true): GzipPoint[] {
    const points: GzipPoint[] = [];
    const onBlock = (point: GzipPoint): number => points.push({ ...point, window: Buffer.from(point.window) });
    gunzip(stream, -5000, { report: { every, onBlock }, checksum });
    return points;
  }

  for (const [name, stream] of Object.entries(cases)) {
    test(`${name}: every block can be the start`, () => {
      const data = gunzipSync(stream);
      const points = pointsOf(stream, 0);
      assert.ok(points.length > 3);
      for (const point of points) {
        assert.ok(Buffer.from(point.window).equals(data.subarray(point.out - point.window.length, point.out)));
        const input = stream.subarray(Math.floor(point.in / 8));
        const { data: rest, junk } = gunzip(input, -9000, { from: point });
        assert.ok(rest.equals(data.subarray(point.out)), `from ${point.in}`);
        assert.equal(junk, 0);
      }
    });
  }

  test('cover all eight bit offsets', () => {
    const offsets = new Set(Object.values(cases).flatMap(stream => pointsOf(stream, 0).map(point => point.in % 8)));
    assert.equal(offsets.size, 8);
  });

  test('have the requested distance, and are the same when reported from a point on', () => {
    const stream = cases['text']!;
    const points = pointsOf(stream, 100_000);
    assert.ok(points.length >= 5);
    for (const [i, point] of points.entries()) assert.ok(point.out - (points[i - 1]?.out ?? 0) >= 100_000);
    const [, from] = points;
    assert.ok(from);
    const later: GzipPoint[] = [];
    const onBlock = (point: GzipPoint): number => later.push({ ...point, window: Buffer.from(point.window) });
    gunzip(stream.subarray(from.in >> 3), 999, { from, report: { every: 100_000, onBlock } });
    assert.deepEqual(later, points.slice(2));
  });

  test('are reported when the sink has exactly the bytes before', () => {
    assert.ok(engine);
    let size = 0;
    const onBlock = (point: GzipPoint): void => assert.equal(point.out, size);
    const inflater = new GzipInflater(
      engine,
      { write: chunk => (size += chunk.length) },
      { report: { every: 0, onBlock } },
    );
    for (const chunk of chunksOf(cases['members']!, 700)) inflater.write(chunk);
    inflater.end();
    assert.ok(size > 0);
  });

  test('allow the check of the checksum of a member entered in the middle', () => {
    const stream = Buffer.from(cases['text']!);
    const point = pointsOf(stream, 0).at(-1);
    assert.ok(point?.member);
    stream[stream.length - 6]! ^= 1;
    const rest = stream.subarray(point.in >> 3);
    assert.throws(() => gunzip(rest, 500, { from: point }), /incorrect data check/);
    const { member: _, ...bare } = point;
    gunzip(rest, 500, { from: bare });
    assert.equal(pointsOf(cases['text']!, 0, false).at(-1)?.member, undefined);
  });
});

suite('an inflater', () => {
  test('passes on what its sink throws, and is closed', () => {
    assert.ok(engine);
    const inflater = new GzipInflater(engine, {
      write() {
        throw new RangeError('full');
      },
    });
    assert.throws(() => inflater.write(gzipSync('hello')), RangeError);
    assert.throws(() => inflater.write(gzipSync('hello')), /closed/);
    assert.throws(() => inflater.end(), /closed/);
    inflater.close();
  });

  test('does not interfere with another one, and returns its memory', () => {
    const own = InflateEngine.load();
    assert.ok(own);
    const data = [text(200_000), noise(200_000)];
    const got: Buffer[][] = [[], []];
    for (let round = 0; round < 3; round += 1) {
      const inflaters = got.map(parts => new GzipInflater(own, { write: chunk => parts.push(Buffer.from(chunk)) }));
      const inputs = data.map(bytes => [...chunksOf(gzipSync(bytes), 1000)]);
      for (let i = 0; i < 300; i += 1) {
        for (const [which, inflater] of inflaters.entries()) {
          const chunk = inputs[which]?.[i];
          if (chunk) inflater.write(chunk);
        }
      }
      for (const inflater of inflaters) inflater.end();
    }
    for (const [which, parts] of got.entries()) {
      assert.ok(Buffer.concat(parts).equals(Buffer.concat([data[which]!, data[which]!, data[which]!])));
    }
    const first = own.take();
    own.give(first);
    assert.equal(own.take(), first);
  });

  test('is not available when no addresses are left', () => {
    const script = `
      import { InflateEngine } from ${JSON.stringify(new URL('../../../../../src/layers/compression/inflate/engine.ts', import.meta.url).href)};
      const kept = [];
      let engine;
      while (kept.length < 20 && (engine = InflateEngine.load()) !== undefined) kept.push(engine);
      console.log(JSON.stringify({ kept: kept.length, slots: kept[0]?.withSlots(16) !== undefined }));`;
    // Each memory takes 10 GiB; Node itself takes less than that.
    const limited = ['-c', 'ulimit -v 45000000; exec "$0" --input-type=module', process.execPath];
    const { status, stdout, stderr } = spawnSync('bash', limited, { input: script, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const { kept, slots } = JSON.parse(stdout) as { kept: number; slots: boolean };
    assert.ok(kept > 0 && kept < 20, `${kept} engines`);
    assert.equal(slots, false);
  });

  test('passes on a bomb in small pieces', () => {
    assert.ok(engine);
    const stream = gzipSync(Buffer.alloc(200_000_000));
    let largest = 0;
    let total = 0;
    const write = (chunk: Uint8Array): void => {
      largest = Math.max(largest, chunk.length);
      total += chunk.length;
    };
    const inflater = new GzipInflater(engine, { write });
    inflater.write(stream);
    inflater.end();
    assert.equal(total, 200_000_000);
    assert.ok(largest <= 300_000);
  });
});
