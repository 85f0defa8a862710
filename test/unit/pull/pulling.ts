import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyedMutex } from '../../../src/blobs/keyedMutex.ts';
import { BlobStore } from '../../../src/blobs/store.ts';
import { DEFAULT_LIMITS } from '../../../src/layers/unpack/unpack.ts';
import { silentLogger } from '../../../src/oci/logger.ts';
import type { BlobSource } from '../../../src/oci/byteSource.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { CachedDocuments } from '../../../src/resolve/cachedDocuments.ts';
import { pullImage, type PulledImage } from '../../../src/pull/pullImage.ts';
import type { LayerWork } from '../../../src/workers/layerWork.ts';
import type { Origin } from '../../../src/registry/origin.ts';
import type { Transfer } from '../../../src/workers/readLayers.ts';
import { resolveImage } from '../../../src/resolve/resolveImage.ts';
import type { ResolvedImage } from '../../../src/oci/image.ts';
import { WorkerPool } from '../../../src/workers/workerPool.ts';
import { anonymousAuthorizer } from '../../../src/registry/auth/authorizer.ts';
import { RegistryClient } from '../../../src/registry/api/client.ts';
import { defaultConfig } from '../../../src/registry/config.ts';
import { Transport } from '../../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT } from '../../../src/registry/http/transportOptions.ts';

/** Everything that a pull needs, in plain Node, with a folder of its own; `end` takes all of it away. */
export class Pulling {
  readonly root = mkdtempSync(join(tmpdir(), 'peel-pull-'));
  readonly #workers = new WorkerPool(new URL('../../../src/workers/worker.ts', import.meta.url), 2);
  /** Quick to give up, so that tests of failures end soon. */
  readonly #options = { ...DEFAULT_TRANSPORT, retryDelay: 5, idleTimeout: 2000, firstByteTimeout: 2000 };
  readonly #transport = new Transport(this.#options, silentLogger);
  readonly puller: LayerWork = {
    store: new BlobStore(join(this.root, 'cache')),
    workers: this.#workers,
    transfers: new KeyedMutex(),
    logger: silentLogger,
  };

  async resolve(reference: string, platform?: string): Promise<ResolvedImage> {
    const parsed = parseReference(reference);
    const client = new RegistryClient(
      defaultConfig(parsed.registry),
      this.#transport,
      anonymousAuthorizer,
      silentLogger,
    );
    return await resolveImage(
      new CachedDocuments(client, this.puller.store),
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
      transport: this.#options,
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
    return await pullImage(this.puller, {
      image,
      origin: this.origin(image),
      folder: this.folder(name),
      limits: DEFAULT_LIMITS,
      report: more.report ?? (() => undefined),
      signal: more.signal ?? new AbortController().signal,
    });
  }

  async end(): Promise<void> {
    await Promise.all([this.#workers.dispose(), this.#transport.close()]);
    rmSync(this.root, { recursive: true, force: true });
  }
}
