import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Descriptor } from '../../../../src/oci/descriptor.ts';
import type { ParallelOptions } from '../../../../src/registry/http/parallelParts.ts';
import * as faults from '../../../support/registry/faults.ts';
import { startRegistry, type Registry } from '../../../support/registry/registry.ts';
import { ask, Collected, configOf, storeBlob, type Asking } from '../asking.ts';

const SIZE = 2_000_003;
const BLOBS = { path: '/blobs/' };
const PARTS: faults.FaultMatch = { ...BLOBS, when: ({ headers }) => /-\d+$/.test(headers.range ?? '') };
const OPTIONS: ParallelOptions = { connections: 4, part: 100_000, leastRest: 500_000, slowerThan: 1e9, watch: 30 };

describe('a huge blob over a slow connection', () => {
  let registry: Registry;
  let bytes: Buffer;
  let blob: Descriptor;
  const open: Asking[] = [];
  before(async () => {
    registry = await startRegistry();
    ({ bytes, blob } = storeBlob(registry.store, 'some/name', SIZE));
  });
  afterEach(async () => {
    registry.faults.clear();
    registry.requests.length = 0;
    for (const each of open.splice(0)) await each.close();
  });
  after(() => registry.close());

  async function read(parallel: Partial<ParallelOptions> = {}, from = 0, sink = new Collected()): Promise<Buffer> {
    const asking = ask(configOf(registry), { parallel: { ...OPTIONS, ...parallel } });
    open.push(asking);
    await asking.client.blobs('some/name').read(blob, from, sink, asking.signal);
    return sink.bytes;
  }
  /** Limits each connection to some 5 MB per second. */
  const slowly = (): void => void registry.fault(BLOBS, faults.drip(50_000, 10));
  const parts = (): string[] =>
    registry.requests.flatMap(({ headers }) =>
      /^bytes=\d+-\d+$/.test(headers.range ?? '') ? [headers.range ?? ''] : [],
    );

  it('arrives over several, in order, each byte once', async () => {
    slowly();
    assert.deepEqual(await read(), bytes);
    assert.ok(parts().length >= 10, `${parts().length} parts`);
    assert.equal(new Set(parts()).size, parts().length, 'no part twice');
    assert.ok(registry.peak > 2, `${registry.peak} at once`);
  });

  it('arrives from a position too', async () => {
    slowly();
    assert.deepEqual(await read({}, 123_456), bytes.subarray(123_456));
    assert.ok(parts().length > 5);
  });

  it('stays on one that is fast, short, or the only one allowed', async () => {
    slowly();
    for (const options of [{ slowerThan: 1 }, { leastRest: SIZE + 1 }, { connections: 1 }, { watch: 60_000 }]) {
      assert.deepEqual(await read(options), bytes);
      assert.equal(registry.requests.length, 1);
      registry.requests.length = 0;
    }
  });

  it("stays on one if the registry doesn't serve parts", async () => {
    slowly();
    registry.fault({ ...BLOBS, when: ({ headers }) => headers.range !== undefined }, faults.noRanges());
    assert.deepEqual(await read(), bytes);
    assert.equal(registry.requests.length, 2, 'one try for a part, and the whole is not asked for again');
  });

  const short: faults.Fault = ({ status, headers }) => ({
    status,
    headers: { ...headers, 'content-length': '10' },
    body: Buffer.alloc(10),
  });

  it('arrives whole even if parts are refused, cut off or wrong', async () => {
    for (const fault of [faults.status(404), faults.resetAfter(1000), faults.shiftedRange(7), short]) {
      slowly();
      registry.fault({ ...PARTS, after: 4, times: 9 }, fault);
      assert.deepEqual(await read(), bytes);
      registry.faults.clear();
    }
  });

  it("returns to one connection if several aren't faster", async () => {
    slowly();
    registry.fault({ ...PARTS, after: 1 }, faults.drip(10_000, 100));
    assert.deepEqual(await read(), bytes);
    assert.ok(parts().length < 16, `${parts().length} parts`);
    assert.match(registry.requests.at(-1)?.headers.range ?? '', /^bytes=\d+-$/);
  });

  it('rejects with what the sink throws, and stops if cancelled', async () => {
    slowly();
    const full = new Error('disk full');
    class Full extends Collected {
      override write(chunk: Uint8Array): void {
        if (this.length > 700_000) throw full;
        super.write(chunk);
      }
    }
    await assert.rejects(read({}, 0, new Full()), error => error === full);
    const asking = ask(configOf(registry), { parallel: OPTIONS });
    open.push(asking);
    const abort = new AbortController();
    class Cancelling extends Collected {
      override write(chunk: Uint8Array): void {
        super.write(chunk);
        if (this.length > 700_000) abort.abort(full);
      }
    }
    await assert.rejects(
      asking.client.blobs('some/name').read(blob, 0, new Cancelling(), abort.signal),
      error => error === full,
    );
  });
});
