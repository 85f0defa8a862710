// What to measure.
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { argv } from 'node:process';
import { KeyedMutex } from '../../src/blobs/keyedMutex.ts';
import { BlobStore } from '../../src/blobs/store.ts';
import { DEFAULT_LIMITS } from '../support/doubles.ts';
import { silentLogger } from '../support/doubles.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { CachedDocuments } from '../../src/resolve/cachedDocuments.ts';
import { pullImage } from '../../src/pull/pullImage.ts';
import { resolveImage } from '../../src/resolve/resolveImage.ts';
import type { WorkerPool } from '../../src/workers/workerPool.ts';
import { anonymousAuthorizer } from '../support/doubles.ts';
import { RegistryClient } from '../../src/registry/api/client.ts';
import { defaultConfig } from '../../src/registry/config.ts';
import { Transport } from '../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT } from '../../src/registry/http/transportOptions.ts';

/** The output, in milliseconds. */
export interface PullReport {
  /**
   * From the start of the program: without the start of Node, but including the reading of Peel's
   * files.
   */
  readonly pull: number;
  /** On request: the same pull again, with everything in place. */
  readonly again?: number;
  /** On request: into another cache and folder, with the same threads and connections. */
  readonly warm?: number;
  /**
   * On request, because watching takes a twentieth of the time: the longest time that the main
   * thread, which stands for the extension host, was kept from its events.
   */
  readonly blocked?: number;
}

const signal = new AbortController().signal;

/** Pulls, and prints the cost. `began` is the program's start time. */
export async function measurePulls(workers: WorkerPool, began: number): Promise<void> {
  const [, , text = '', folder = '', mode] = argv;
  const delay = mode === 'watched' ? monitorEventLoopDelay({ resolution: 1 }) : undefined;
  delay?.enable();
  const reference = parseReference(text.replace(/^https:\/\//, ''));
  const registry = {
    ...defaultConfig(reference.registry),
    ...(text.startsWith('https://') ? { url: `https://${reference.registry}` } : {}),
  };
  const transport = new Transport(DEFAULT_TRANSPORT, silentLogger);
  const client = new RegistryClient(registry, transport, anonymousAuthorizer, silentLogger);

  const pull = async (name: string, from = performance.now()): Promise<number> => {
    const store = new BlobStore(join(folder, name, 'cache'));
    workers.prepare();
    const image = await resolveImage(new CachedDocuments(client, store), reference, undefined, signal);
    await pullImage(
      { store, workers, transfers: new KeyedMutex(), logger: silentLogger },
      {
        image,
        origin: { registry, transport: DEFAULT_TRANSPORT, authorizer: anonymousAuthorizer },
        folder: join(folder, name, 'image'),
        limits: DEFAULT_LIMITS,
        report: () => undefined,
        signal,
      },
    );
    return performance.now() - from;
  };

  const first = await pull('first', began);
  delay?.disable();
  const report: PullReport = {
    pull: first,
    ...(mode === 'again' ? { again: await pull('first') } : {}),
    ...(mode === 'warm' ? { warm: await pull('second') } : {}),
    ...(delay ? { blocked: delay.max / 1e6 } : {}),
  };
  console.log(JSON.stringify(report));
  await Promise.all([workers.dispose(), transport.close()]);
}
