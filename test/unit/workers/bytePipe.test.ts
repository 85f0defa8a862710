import assert from 'node:assert/strict';
import { createHash, type Hash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  breakPipe,
  PipeBrokenError,
  type PipeMemory,
  pipeMemory,
  PipeReader,
  type PipeRoom,
  PipeWriter,
  SLOTS,
} from '../../../src/workers/bytePipe.ts';
import { seeded } from '../../support/deflateWriter.ts';

const KIB = 1024;
const SLOT = 256 * KIB;
const content = randomFillSync(Buffer.alloc(1024 * KIB));

/** Starts the thread at the other end, and waits until it runs. */
async function otherEnd(memory: PipeMemory, breaks = false): Promise<Worker> {
  const thread = new Worker(new URL('./pipeEnd.ts', import.meta.url), { workerData: { memory, breaks } });
  await once(thread, 'message');
  return thread;
}

/** Returns what the thread at the other end received. */
async function received(memory: PipeMemory, send: (hash: Hash) => void): Promise<unknown> {
  const reader = await otherEnd(memory);
  const told = once(reader, 'message');
  const hash = createHash('sha256');
  send(hash);
  const [{ digest, ...rest }] = await told;
  assert.equal(digest, hash.digest('hex'));
  return rest;
}

describe('a pipe between two threads', () => {
  test('passes on copies of chunks of any size, many times around', async () => {
    const below = seeded(1);
    const memory = pipeMemory();
    const writer = new PipeWriter(memory, () => 'zstd');
    const rest = await received(memory, hash => {
      for (let round = 0; round < 600; round++) {
        const chunk = content.subarray(below(content.length));
        hash.update(chunk);
        writer.write(chunk);
      }
      writer.end(3);
    });
    assert.deepEqual(rest, { junk: 3, compression: 'zstd' });
  });

  test('passes on bytes already in its memory, and never a slot that is being rewritten', async () => {
    // The bytes between two slots are not for the reader.
    const stride = 257 * KIB;
    const room: PipeRoom = { bytes: new SharedArrayBuffer(KIB + SLOTS * stride), first: KIB, stride };
    const bytes = new Uint8Array(room.bytes);
    const below = seeded(2);
    const memory = pipeMemory(room);
    const writer = new PipeWriter(memory, () => 'gzip');
    const rest = await received(memory, hash => {
      // The reader is slower, so that the writer waits for each slot.
      for (let round = 0; round < 1500; round++) {
        const length = SLOT + below(KIB);
        const at = writer.next();
        bytes.set(content.subarray(round, round + length), at);
        const half = below(length);
        for (const part of [bytes.subarray(at, at + half), bytes.subarray(at + half, at + length)]) {
          hash.update(part);
          writer.write(part);
        }
      }
      writer.end(0);
    });
    assert.deepEqual(rest, { junk: 0, compression: 'gzip' });
  });

  test('does not reuse a slot while the reader may still ask for its length', async () => {
    const memory = pipeMemory();
    const writer = new PipeWriter(memory, () => 'none');
    for (let slot = 0; slot < SLOTS; slot++) writer.write(content.subarray(0, SLOT));
    await otherEnd(memory, true);
    let taken = 0;
    const read = () =>
      new PipeReader(memory).pour({
        write: chunk => {
          // The reader has taken all of the first slot, and nothing after it.
          if (taken === SLOT) writer.next();
          taken += chunk.length;
        },
      });
    // It waits until the other thread breaks the pipe.
    assert.throws(read, PipeBrokenError);
    assert.equal(taken, SLOT);
  });

  test('passes on an empty stream', async () => {
    const memory = pipeMemory();
    const rest = await received(memory, () => new PipeWriter(memory, () => 'none').end(0));
    assert.deepEqual(rest, { junk: 0, compression: 'none' });
  });

  test('does not wait for an end that is gone', () => {
    const memory = pipeMemory();
    const writer = new PipeWriter(memory, () => 'none');
    for (let slot = 0; slot < SLOTS; slot++) writer.write(content.subarray(0, SLOT));
    breakPipe(memory);
    assert.throws(() => writer.write(content), PipeBrokenError);
    assert.throws(() => writer.next(), PipeBrokenError);
    assert.throws(() => writer.end(0), PipeBrokenError);
  });
});
