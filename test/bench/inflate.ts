// Compares the speed of Peel's inflate, Node's zlib and available tools on the same gzip files in
// the same run:
//
//   node test/bench/inflate.ts [--rounds=N] [file.gz …]
//
// Without files, it compresses what every clone has: the packages and the node binary. The rounds
// are interleaved. It prints medians of MB/s of output, and the ratio to `zlib.createGunzip` in
// chunks of 1 MiB. A tool's time includes its start.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { constants, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import { InflateEngine } from '../../src/layers/compression/inflate/engine.ts';
import { GzipInflater } from '../../src/layers/compression/inflate/inflate.ts';
import { NodeGzipInflater } from '../../src/layers/compression/nodeGzip.ts';
import type { Sink } from '../../src/oci/byteSource.ts';
import { findTool } from '../support/tools.ts';

const MIB = 1 << 20;

/** About 100 MB of text and 50 MB of machine code, which compress as well as a Debian layer. */
function content(): Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  for (const file of globSync('node_modules/**/*.{js,ts,json,md,mjs,cjs}').sort()) {
    if (size > 100_000_000 || !statSync(file).isFile()) continue;
    parts.push(readFileSync(file));
    size += parts.at(-1)?.length ?? 0;
  }
  parts.push(readFileSync(process.execPath).subarray(0, 50_000_000));
  return Buffer.concat(parts);
}

/** Counts the output, so that no contender can skip work. */
class Counter implements Sink {
  size = 0;
  write(chunk: Uint8Array): void {
    this.size += chunk.length;
  }
}

interface Contender {
  readonly name: string;
  /** Decompresses once. Returns the number of output bytes, or undefined if unknown. */
  run(): number | undefined | Promise<number>;
}

function inChunks(sink: Sink & { end(): unknown }, input: Buffer, size: number): void {
  for (let from = 0; from < input.length; from += size) sink.write(input.subarray(from, from + size));
  sink.end();
}

function own(engine: InflateEngine, input: Buffer, size: number, checksum: boolean): number {
  const counter = new Counter();
  inChunks(new GzipInflater(engine, counter, { checksum }), input, size);
  return counter.size;
}

function nodeSync(input: Buffer): number {
  const counter = new Counter();
  inChunks(new NodeGzipInflater(counter), input, MIB);
  return counter.size;
}

async function nodeStream(input: Buffer): Promise<number> {
  const stream = createGunzip({ chunkSize: MIB });
  const counter = new Counter();
  stream.on('data', (chunk: Buffer) => counter.write(chunk));
  for (let from = 0; from < input.length; from += MIB) stream.write(input.subarray(from, from + MIB));
  stream.end();
  await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
  return counter.size;
}

function contenders(engine: InflateEngine, input: Buffer, file: string): Contender[] {
  const tools = [
    ['igzip', '-dc'],
    ['pigz', '-dc'],
    ['libdeflate-gunzip', '-c'],
    ['gzip', '-dc'],
  ] as const;
  return [
    { name: 'zlib.createGunzip, 1 MiB', run: () => nodeStream(input) },
    { name: 'zlib.gunzipSync', run: () => gunzipSync(input).length },
    { name: "the fallback: Node's zlib, synchronous", run: () => nodeSync(input) },
    { name: 'own, 1 MiB', run: () => own(engine, input, MIB, true) },
    { name: 'own, 64 KiB', run: () => own(engine, input, 1 << 16, true) },
    { name: 'own, 1 MiB, checksum left to a digest', run: () => own(engine, input, MIB, false) },
    ...tools
      .filter(([tool]) => findTool(tool) !== undefined)
      .map(([tool, option]) => ({
        name: `${tool} ${option}`,
        run: () => {
          const { status } = spawnSync(tool, [option, file], { stdio: 'ignore' });
          if (status !== 0) throw new Error(`${tool} failed on ${file}`);
          return undefined;
        },
      })),
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

async function measure(engine: InflateEngine, file: string, rounds: number): Promise<void> {
  const input = readFileSync(file);
  const rivals = contenders(engine, input, file).map(rival => ({ ...rival, times: [] as number[] }));
  let size = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const rival of rivals) {
      const start = performance.now();
      const got = await rival.run();
      rival.times.push(performance.now() - start);
      if (got !== undefined && size > 0 && got !== size) throw new Error(`${rival.name} made ${got} bytes of ${size}`);
      size = got ?? size;
    }
  }
  const base = median(rivals[0]?.times ?? []);
  console.log(
    `\n${file}: ${(input.length / 1e6).toFixed(1)} MB, ${(size / 1e6).toFixed(1)} MB unpacked, ${rounds} rounds\n`,
  );
  console.log('| | MB/s | times createGunzip |\n| --- | ---: | ---: |');
  for (const { name, times } of rivals) {
    console.log(`| ${name} | ${(size / 1e3 / median(times)).toFixed(0)} | ${(base / median(times)).toFixed(2)} |`);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '7' } },
});
const engine = InflateEngine.load();
if (!engine) throw new Error('This Node.js has no WebAssembly with vectors');
const folder = mkdtempSync(join(tmpdir(), 'peel-inflate-'));
try {
  if (positionals.length === 0) {
    for (const level of [constants.Z_BEST_SPEED, 6, constants.Z_BEST_COMPRESSION]) {
      const file = join(folder, `level-${level}.gz`);
      writeFileSync(file, gzipSync(content(), { level }));
      positionals.push(file);
    }
  }
  for (const file of positionals) await measure(engine, file, Number(values.rounds));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
