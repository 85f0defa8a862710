import assert from 'node:assert/strict';
import { LocalAccess } from '../../../src/vscode/registries/localAccess.ts';
import { openLocal } from '../../../src/layout/openLocal.ts';
import {
  collectContent,
  type Content,
  type ContentSource,
  type SourceRepository,
} from '../../../src/publish/content.ts';
import { preparePublication, publishImage } from '../../../src/publish/publishImage.ts';
import { RegistryWriter } from '../../../src/registry/api/writer.ts';
import type { Credential } from '../../../src/registry/auth/credentials.ts';
import type { RegistryConfig } from '../../../src/registry/config.ts';
import type { TransportOptions } from '../../../src/registry/http/transportOptions.ts';
import { type PushOptions, Pusher } from '../../support/push.ts';
import type { Content as Built } from '../../support/registry/store.ts';
import { Accounts, ask, configOf, type Asking } from '../registry/asking.ts';

export const ALICE: Credential = { username: 'alice', password: 's3cret' };
export const PUSHER = { user: 'alice', password: 's3cret' };

/** A registry as Peel reads and writes it. */
export interface Reached extends Asking {
  readonly writer: RegistryWriter;
  /** The bytes that each report added, in order. */
  readonly reports: number[];
}

export function reach(
  server: { readonly host: string; readonly url: string },
  more: { account?: Credential; config?: Partial<RegistryConfig>; options?: Partial<TransportOptions> } = {},
): Reached {
  const config = configOf(server, more.config);
  const asking = ask(config, more.options, more.account ? [new Accounts({ [config.name]: more.account })] : []);
  return {
    ...asking,
    writer: new RegistryWriter(config, asking.transport, asking.authorizer, asking.log),
    reports: [],
  };
}

/** Opens a layout or archive as a source. */
export async function local(path: string): Promise<SourceRepository> {
  const source = await openLocal(path, new AbortController().signal);
  return { source: new LocalAccess(source, { registry: 'local', repository: 'image' }), repository: 'image' };
}

export interface Published {
  readonly content: Content;
  /** Bytes of blobs that the target lacked. */
  readonly size: number;
}

/** Publishes an image as the commands do. */
export async function publish(
  from: { readonly source: ContentSource; readonly repository: string },
  version: string,
  to: Reached,
  target: { readonly repository: string; readonly tag: string },
  options: { attached?: boolean; mountFrom?: string; signal?: AbortSignal } = {},
): Promise<Published> {
  const { signal = to.signal, attached = false, mountFrom } = options;
  const content = await collectContent(from, version, signal);
  const publication = await preparePublication(
    from,
    content,
    { writer: to.writer, repository: target.repository },
    { attached, mountFrom },
    signal,
  );
  const { size } = publication.missing;
  let last = 0;
  await publishImage(publication, target.tag, {
    signal,
    report: (done, total) => {
      assert.equal(total, size);
      to.reports.push(done);
      last = done;
    },
  });
  assert.equal(last, size, 'the progress ends at the whole');
  return { content, size };
}

/** Checks that a registry has an image byte for byte, everything below it included. */
export async function assertStored(
  server: { readonly url: string },
  repository: string,
  version: string,
  built: Built,
  options: PushOptions = {},
): Promise<void> {
  const pusher = new Pusher(server, options);
  try {
    const check = async (wanted: string, content: Built): Promise<void> => {
      const found = await pusher.read(repository, `manifests/${wanted}`);
      assert.deepEqual(found.bytes, content.bytes);
      assert.equal(found.mediaType, content.mediaType);
      for (const child of content.children ?? []) await check(child.digest, child);
      for (const blob of content.blobs) {
        const { createHash } = await import('node:crypto');
        const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
        assert.deepEqual((await pusher.read(repository, `blobs/${digest}`)).bytes, blob);
      }
    };
    await check(version, built);
  } finally {
    await pusher.close();
  }
}
