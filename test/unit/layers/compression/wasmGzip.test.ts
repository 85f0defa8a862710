import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Decompressed, Decompressor, type Inflaters } from '../../../../src/layers/compression/decompress.ts';
import { InvalidLayerError, TruncatedLayerError } from '../../../../src/layers/errors.ts';
import { InflateEngine } from '../../../../src/layers/compression/inflate/engine.ts';
import { InflateError } from '../../../../src/layers/compression/inflate/inflateError.ts';
import { wasmGzip } from '../../../../src/layers/compression/wasmGzip.ts';

const engine = InflateEngine.load();
assert.ok(engine);

const decoders: Readonly<Record<string, Inflaters>> = {
  WebAssembly: { gzip: wasmGzip(engine) },
  Node: {},
};

function decompress(inflaters: Inflaters, input: Uint8Array, size: number): Decompressed & { data: Buffer } {
  const parts: Buffer[] = [];
  const decompressor = new Decompressor({ write: chunk => parts.push(Buffer.from(chunk)) }, inflaters);
  for (let from = 0; from < input.length; from += size) decompressor.write(input.subarray(from, from + size));
  return { ...decompressor.end(), data: Buffer.concat(parts) };
}

for (const [name, inflaters] of Object.entries(decoders)) {
  suite(`gzip layers by ${name}`, () => {
    const data = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i * i}\n`).join(''));
    const stream = Buffer.concat([gzipSync(data.subarray(0, 1000)), gzipSync(data.subarray(1000))]);

    test('are unpacked', () => {
      for (const size of [1 << 20, 777, 7]) {
        const { data: got, ...rest } = decompress(inflaters, stream, size);
        assert.ok(got.equals(data));
        assert.deepEqual(rest, { compression: 'gzip', junk: 0 });
      }
    });

    test('may have padding; junk is counted', () => {
      assert.equal(decompress(inflaters, Buffer.concat([stream, Buffer.alloc(512)]), 1000).junk, 0);
      assert.equal(decompress(inflaters, Buffer.concat([stream, Buffer.from('junk')]), 1000).junk, 4);
    });

    test('fail with the same errors when cut short or damaged', () => {
      for (const length of [4, 9, 15, 1000, stream.length - 1]) {
        assert.throws(() => decompress(inflaters, stream.subarray(0, length), 100), TruncatedLayerError);
      }
      for (const at of [2, 15, stream.length - 1000, stream.length - 2]) {
        const damaged = Buffer.from(stream);
        damaged[at]! ^= 0xff;
        assert.throws(() => decompress(inflaters, damaged, 100), InvalidLayerError);
      }
    });
  });
}

test('an error has a cause that names the position', () => {
  const damaged = gzipSync('hello');
  damaged[2] = 3;
  assert.throws(
    () => decompress({ gzip: wasmGzip(engine) }, damaged, 100),
    (error: Error) =>
      error.cause instanceof InflateError && /unknown compression method, at byte 0/.test(error.cause.message),
  );
});
