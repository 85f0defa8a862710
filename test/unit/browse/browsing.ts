import assert from 'node:assert/strict';
import { MergedTree } from '../../../src/browse/tree/mergedTree.ts';
import { DEFAULT_LIMITS } from '../../../src/layers/unpack/unpack.ts';
import { silentLogger } from '../../../src/oci/logger.ts';
import { openLayer } from '../../../src/layerAccess/openLayer.ts';
import { SociIndexes } from '../../../src/resolve/sociIndexes.ts';
import { anonymousAuthorizer } from '../../../src/registry/auth/authorizer.ts';
import { RegistryClient } from '../../../src/registry/api/client.ts';
import { defaultConfig } from '../../../src/registry/config.ts';
import { Transport } from '../../../src/registry/http/transport.ts';
import { DEFAULT_TRANSPORT } from '../../../src/registry/http/transportOptions.ts';
import type { LoggedRequest } from '../../support/listen.ts';
import { Pulling } from '../pull/pulling.ts';

const { signal } = new AbortController();

/** Opens layers of images as the extension does, with a cache of its own that `end` removes. */
export class Browsing {
  readonly pulling = new Pulling();
  readonly #transport = new Transport({ ...DEFAULT_TRANSPORT, retryDelay: 5 }, silentLogger);

  /**
   * Opens the image's last layer.
   * @param opened called between resolving the image and reading it
   */
  async open(reference: string, opened: () => void = () => undefined, verifiedOnly = false): Promise<MergedTree> {
    const resolved = await this.pulling.resolve(reference, 'linux/amd64');
    opened();
    const { registry, repository } = resolved.reference;
    const layer = resolved.layers.at(-1);
    assert.ok(layer);
    const client = new RegistryClient(defaultConfig(registry), this.#transport, anonymousAuthorizer, silentLogger);
    const request = {
      layer,
      repository,
      blobs: async () => client.blobs(repository),
      origin: async () => this.pulling.origin(resolved),
      limits: DEFAULT_LIMITS,
      soci: new SociIndexes(resolved, async () => client),
      verifiedOnly,
      onProgress: () => undefined,
    };
    return MergedTree.of([{ number: 1, files: await openLayer(this.pulling.puller, request, signal) }]);
  }

  async end(): Promise<void> {
    await Promise.all([this.pulling.end(), this.#transport.close()]);
  }
}

export async function contentOf(tree: MergedTree, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await tree.read(tree.find(path), { write: chunk => void chunks.push(Buffer.from(chunk)) }, signal);
  return Buffer.concat(chunks);
}

export const pathsOf = (tree: MergedTree): string[] => [...tree.walk()].map(({ path }) => path).toSorted();

/** Returns the number of blob requests and of bytes requested, Infinity for a whole blob. */
export function fetched(requests: readonly LoggedRequest[]): { readonly requests: number; readonly bytes: number } {
  const blobs = requests.filter(({ path, method }) => path.includes('/blobs/') && method === 'GET');
  const bytes = blobs.map(({ headers }) => {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    return end === undefined ? Infinity : Number(end) - Number(start) + 1;
  });
  return { requests: blobs.length, bytes: bytes.reduce((sum, count) => sum + count, 0) };
}
