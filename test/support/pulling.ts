import assert from 'node:assert/strict';
import { after, afterEach } from 'node:test';
import { MergedTree } from '../../src/browse/tree/mergedTree.ts';
import { openLayer } from '../../src/layerAccess/openLayer.ts';
import type { BrowseRequest } from '../../src/layerAccess/layerPass.ts';
import { SociIndexes } from '../../src/resolve/sociIndexes.ts';
import { startRegistry, type Registry } from './registry/registry.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyedMutex } from '../../src/blobs/keyedMutex.ts';
import { BlobStore } from '../../src/blobs/store.ts';
import { DEFAULT_LIMITS } from './doubles.ts';
import { silentLogger } from './doubles.ts';
import type { BlobSource } from '../../src/oci/byteSource.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { CachedDocuments } from '../../src/resolve/cachedDocuments.ts';
import { pullImage, type PulledImage } from '../../src/pull/pullImage.ts';
import type { LayerWork } from '../../src/workers/layerWork.ts';
import type { Origin } from '../../src/registry/origin.ts';
import type { Transfer } from '../../src/workers/readLayers.ts';
import { resolveImage } from '../../src/resolve/resolveImage.ts';
import type { ResolvedImage } from '../../src/oci/image.ts';
import { WorkerPool } from '../../src/workers/workerPool.ts';
import { anonymousAuthorizer } from './doubles.ts';
import { RegistryClient } from '../../src/registry/api/client.ts';
import { defaultConfig } from '../../src/registry/config.ts';
import { Transport } from '../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT } from '../../src/registry/http/transportOptions.ts';

/**
 * What pulling and browsing need, in plain Node: a cache, threads and a network stack of their own.
 */
export class Pulling {
  #parts = startParts();

  /** The folder that holds all of it. */
  get root(): string {
    return this.#parts.root;
  }

  get layerWork(): LayerWork {
    return this.#parts.layerWork;
  }

  get #transport(): Transport {
    return this.#parts.transport;
  }

  async resolve(reference: string, platform?: string): Promise<ResolvedImage> {
    const parsed = parseReference(reference);
    const client = new RegistryClient(
      defaultConfig(parsed.registry),
      this.#transport,
      anonymousAuthorizer,
      silentLogger,
    );
    return await resolveImage(
      new CachedDocuments(client, this.layerWork.store),
      parsed,
      platform,
      new AbortController().signal,
    );
  }

  blobs({ reference }: ResolvedImage): BlobSource {
    const config = defaultConfig(reference.registry);
    const client = new RegistryClient(config, this.#transport, anonymousAuthorizer, silentLogger);
    return client.blobs(reference.repository);
  }

  origin(image: ResolvedImage): Origin {
    return {
      registry: defaultConfig(image.reference.registry),
      transport: TRANSPORT,
      authorizer: anonymousAuthorizer,
    };
  }

  folder(name: string): string {
    return join(this.root, 'images', name);
  }

  async pull(
    reference: string,
    name: string,
    more: { platform?: string; signal?: AbortSignal; report?: (transfer: Transfer) => void } = {},
  ): Promise<PulledImage> {
    const image = await this.resolve(reference, more.platform);
    return await pullImage(this.layerWork, {
      image,
      origin: this.origin(image),
      folder: this.folder(name),
      limits: DEFAULT_LIMITS,
      report: more.report ?? (() => undefined),
      signal: more.signal ?? new AbortController().signal,
    });
  }

  /**
   * Opens the files of the image's last layer. @param opened is called once the manifest is known
   */
  async open(reference: string, opened: () => void = () => undefined, verifiedOnly = false): Promise<MergedTree> {
    const resolved = await this.resolve(reference, 'linux/amd64');
    opened();
    const layer = resolved.layers.at(-1);
    assert.ok(layer);
    const { registry } = resolved.reference;
    const client = new RegistryClient(defaultConfig(registry), this.#transport, anonymousAuthorizer, silentLogger);
    const request = {
      ...this.layerRequest(resolved, layer),
      soci: new SociIndexes(resolved, async () => client),
      verifiedOnly,
    };
    const { signal } = new AbortController();
    return MergedTree.of([{ number: 1, files: await openLayer(this.layerWork, request, signal) }]);
  }

  /** A request to open one of an image's layers. */
  layerRequest(image: ResolvedImage, layer: BrowseRequest['layer']): BrowseRequest {
    return {
      layer,
      repository: image.reference.repository,
      blobs: async () => this.blobs(image),
      origin: async () => this.origin(image),
      limits: DEFAULT_LIMITS,
      onProgress: () => undefined,
    };
  }

  /** Starts again with an empty cache. */
  async renew(): Promise<void> {
    await this.end();
    this.#parts = startParts();
  }

  /** Stops the threads and removes all files. */
  async end(): Promise<void> {
    const { root, layerWork, transport } = this.#parts;
    await Promise.all([layerWork.workers.dispose(), transport.close()]);
    rmSync(root, { recursive: true, force: true });
  }
}

/** Gives up quickly, so that tests of failures are short. */
const TRANSPORT = { ...DEFAULT_TRANSPORT, retryDelay: 5, idleTimeout: 2000, firstByteTimeout: 2000 };

function startParts(): { root: string; layerWork: LayerWork; transport: Transport } {
  const root = mkdtempSync(join(tmpdir(), 'peel-pull-'));
  const workers = new WorkerPool(new URL('../../src/workers/worker.ts', import.meta.url), 2);
  const store = new BlobStore(join(root, 'cache'));
  return {
    root,
    layerWork: { store, workers, transfers: new KeyedMutex(), logger: silentLogger },
    transport: new Transport(TRANSPORT, silentLogger),
  };
}

/**
 * Starts a registry for the tests of a file. Each of them begins without faults and with an empty
 * cache.
 */
export async function setUpPulling(): Promise<{ readonly registry: Registry; readonly pulling: Pulling }> {
  const registry = await startRegistry();
  const pulling = new Pulling();
  afterEach(async () => {
    registry.faults.clear();
    await pulling.renew();
  });
  after(async () => {
    await pulling.end();
    await registry.close();
  });
  return { registry, pulling };
}
