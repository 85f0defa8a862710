import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { PartialFile } from '../../../../src/blobs/partialFile.ts';
import type { Widening } from '../../../../src/oci/byteSource.ts';
import type { Descriptor } from '../../../../src/oci/descriptor.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { ask, Collected, configOf, storeBlob, type Asking } from '../asking.ts';

const MIB = 1 << 20;
const SIZE = 24 * MIB + 12_345;
const BLOBS = { path: '/blobs/' };
/** Requests for pieces; the one connection asks for everything. */
const PIECES: faults.FaultMatch = { ...BLOBS, when: ({ headers }) => headers.range !== undefined };
const WHOLE: faults.FaultMatch = { ...BLOBS, when: ({ headers }) => headers.range === undefined };

describe('a blob over several connections', () => {
  let registry: Registry;
  let bytes: Buffer;
  let blob: Descriptor;
  let root: string;
  const open: Asking[] = [];
  before(async () => {
    registry = await startRegistry();
    ({ bytes, blob } = storeBlob(registry.store, 'some/name', SIZE));
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'peel-pieces-'));
  });
  afterEach(async () => {
    registry.faults.clear();
    registry.requests.length = 0;
    for (const each of open.splice(0)) await each.close();
    rmSync(root, { recursive: true });
  });
  after(() => registry.close());

  interface Terms {
    /** Connections besides the one. */
    readonly more?: number;
    readonly sink?: Collected;
    readonly signal?: AbortSignal;
    /** Called when the connections besides the one have ended. */
    readonly fetched?: () => void;
  }

  /** Reads the blob into a partial file and a sink. Returns the sink's bytes. */
  async function read({ more = 3, sink = new Collected(), signal, fetched }: Terms = {}): Promise<Buffer> {
    const asking = ask(configOf(registry));
    open.push(asking);
    const partial = new PartialFile(join(root, 'blob'));
    for (const chunk of partial.leftovers()) sink.write(chunk);
    const write = (chunk: Uint8Array): void => {
      partial.write(chunk);
      sink.write(chunk);
    };
    const watch = (download: Widening): (() => void) => {
      void Promise.all(Array.from({ length: more }, () => download.widen(() => true))).then(fetched);
      return () => undefined;
    };
    const ahead = { left: partial.pieces, create: (start: number) => partial.piece(start), watch };
    try {
      await asking.client.blobs('some/name').read(blob, partial.length, { write }, signal ?? asking.signal, ahead);
    } catch (error) {
      partial.keep();
      throw error;
    }
    partial.commit();
    return sink.bytes;
  }

  /** Holds the one connection after a mebibyte until all others have ended. */
  function hold(): { readonly fetched: () => void; readonly held: Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    registry.fault(
      { ...WHOLE, times: 1 },
      faults.pauseAt(MIB, () => promise),
    );
    return { fetched: resolve, held: promise };
  }

  const ranges = (): [number, number][] =>
    registry.requests.flatMap(({ headers }) => {
      const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
      return start === undefined ? [] : [[Number(start), end === '' ? SIZE : Number(end) + 1] as [number, number]];
    });

  it('arrives in order, each byte asked for once, and leaves no pieces', async () => {
    assert.deepEqual(await read(hold()), bytes);
    const sorted = ranges().sort(([a], [b]) => a - b);
    assert.ok(sorted.length >= 6, `${sorted.length} pieces`);
    assert.equal(sorted[0]?.[0], Math.ceil(SIZE / 8), 'the one connection has the beginning for itself');
    assert.equal(sorted.at(-1)?.[1], SIZE);
    for (const [at, [start]] of sorted.entries()) if (at > 0) assert.equal(start, sorted[at - 1]?.[1]);
    assert.deepEqual(readdirSync(root), ['blob']);
  });

  it('is delivered from a piece that still grows', async () => {
    const first = Math.ceil(SIZE / 8);
    const grown = Promise.withResolvers<void>();
    class Watching extends Collected {
      override write(chunk: Uint8Array): void {
        super.write(chunk);
        if (this.length > first + MIB / 2) grown.resolve();
      }
    }
    // The piece goes on only when its first half has been delivered.
    registry.fault(
      { ...PIECES, times: 1 },
      faults.pauseAt(MIB, () => grown.promise),
    );
    const sink = new Watching();
    assert.deepEqual(await read({ more: 1, sink }), bytes);
  });

  it('goes on after a kill with what pieces brought, and asks only for the rest', async () => {
    const abort = new AbortController();
    const reason = new Error('killed');
    const { fetched } = hold();
    // The third piece stays short.
    registry.fault({ ...PIECES, after: 2, times: 1 }, faults.resetAfter(MIB));
    const reading = read({
      signal: abort.signal,
      fetched: () => {
        abort.abort(reason);
        fetched();
      },
    });
    await assert.rejects(reading, error => error === reason);
    const there = readdirSync(root).filter(name => name.startsWith('blob.partial'));
    assert.ok(there.length > 5, there.join());
    registry.requests.length = 0;
    assert.deepEqual(await read({ more: 0 }), bytes);
    const asked = ranges().reduce((sum, [start, end]) => sum + end - start, 0);
    assert.ok(asked < SIZE / 3, `${asked} of ${SIZE} bytes`);
    assert.deepEqual(readdirSync(root), ['blob']);
  });

  it('comes over one connection if the registry ignores ranges or refuses them', async () => {
    for (const fault of [faults.noRanges(), faults.bareStatus(416), faults.status(404), faults.shiftedRange(7)]) {
      const held = hold();
      registry.fault(PIECES, fault);
      assert.deepEqual(await read(held), bytes);
      assert.ok(registry.requests.length <= 4, `${registry.requests.length} requests`);
      registry.faults.clear();
      registry.requests.length = 0;
      rmSync(join(root, 'blob'));
    }
  });

  it('waits and goes on after a 429, and counts it', async () => {
    const held = hold();
    registry.fault({ ...PIECES, times: 2 }, faults.status(429, { 'retry-after': '0' }));
    assert.deepEqual(await read(held), bytes);
    assert.equal(open[0]?.transport.refusals, 2);
  });

  it('survives pieces that are cut off, each byte delivered once', async () => {
    registry.fault({ ...PIECES, times: 4 }, faults.resetAfter(MIB / 2));
    assert.deepEqual(await read(hold()), bytes);
  });

  it('does not wait for a piece that the one connection has overtaken', async () => {
    const done = Promise.withResolvers<void>();
    registry.fault(
      PIECES,
      faults.pauseAt(0, () => done.promise),
    );
    assert.deepEqual(await read({ fetched: done.resolve }), bytes);
    assert.equal(registry.requests.filter(({ headers }) => headers.range === undefined).length, 1);
  });

  it('rejects with what the sink throws, and keeps the pieces', async () => {
    const full = new Error('disk full');
    class Full extends Collected {
      override write(chunk: Uint8Array): void {
        if (this.length > 6 * MIB) throw full;
        super.write(chunk);
      }
    }
    await assert.rejects(read({ ...hold(), sink: new Full() }), error => error === full);
    assert.ok(readdirSync(root).some(name => name.includes('.partial.at-')));
  });
});
