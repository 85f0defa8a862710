import {
  EventEmitter,
  window,
  workspace,
  type CancellationToken,
  type Disposable,
  type TextDocumentContentProvider,
  type Uri,
} from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import { withSignal } from '../common/cancellation.ts';
import { SCHEMES } from '../common/ids.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';
import { imageUri, parseJsonUri, type JsonSource } from './jsonUri.ts';
import { prettyJson } from './prettyJson.ts';

/** What an editor can display with ease; larger blobs must be saved. */
const MAX_BLOB_BYTES = 16 << 20;

/**
 * Read-only JSON documents: manifests, configs and small blobs. They are fetched again when a
 * window is restored.
 */
export class JsonDocuments implements TextDocumentContentProvider, Disposable {
  readonly #lookup: ImageLookup;
  readonly #registries: Registries;
  readonly #changes = new EventEmitter<Uri>();
  /** Documents that show why they could not be loaded. */
  readonly #failed = new Map<string, Uri>();
  readonly #subscriptions: Disposable[];
  readonly onDidChange = this.#changes.event;

  constructor(lookup: ImageLookup, registries: Registries) {
    this.#lookup = lookup;
    this.#registries = registries;
    this.#subscriptions = [
      workspace.registerTextDocumentContentProvider(SCHEMES.json, this),
      // A sign-in or a changed setting may help.
      registries.onDidChangeAccess(() => this.#retry()),
    ];
  }

  /**
   * Opens the manifest (or index) or the image config in an editor. `platform` is as in
   * {@link ImageLookup.resolve}; for a manifest, absent means the document the reference names.
   */
  async show(what: 'manifest' | 'config', reference: Reference, platform: string | undefined): Promise<Uri> {
    const uri = imageUri(what, reference, platform);
    // Fetched here so that the caller gets the error with its class; the provider then reuses the
    // lookup's answer.
    await this.#fetch(parseJsonUri(uri), new AbortController().signal);
    // An open editor may show an earlier image of the tag.
    if (workspace.textDocuments.some(document => document.uri.toString() === uri.toString())) this.#changes.fire(uri);
    await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
    return uri;
  }

  async provideTextDocumentContent(uri: Uri, token: CancellationToken): Promise<string> {
    try {
      const bytes = await withSignal(token, async signal => this.#fetch(parseJsonUri(uri), signal));
      this.#failed.delete(uri.toString());
      return await readable(parseJsonUri(uri), new TextDecoder().decode(bytes));
    } catch (error) {
      this.#failed.set(uri.toString(), uri);
      const reason = error instanceof Error ? error.message : String(error);
      const document = {
        problem: "Peel can't show this document now.",
        reason,
        remedy: 'Open it again once that is fixed.',
      };
      return prettyJson(JSON.stringify(document));
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changes.dispose();
  }

  async #fetch(source: JsonSource, signal: AbortSignal): Promise<Uint8Array> {
    if ('folder' in source) {
      const { readFolderDocument } = await import('../images/folderDocument.ts');
      return readFolderDocument(source.folder, source.what);
    }
    const { what, reference } = source;
    if (what === 'blob') {
      const client = await this.#registries.clientFor(reference.registry);
      return client.blobBytes(reference.repository, source.blob, MAX_BLOB_BYTES, signal);
    }
    if (what === 'manifest' && source.platform === undefined) return (await this.#lookup.open(reference, signal)).bytes;
    const image = await this.#lookup.resolve(reference, source.platform, signal);
    return what === 'manifest' ? image.manifestBytes : image.configBytes;
  }

  #retry(): void {
    for (const uri of this.#failed.values()) this.#changes.fire(uri);
  }
}

/** Decodes a signature or attestation; anything else only gets line breaks. */
async function readable(source: JsonSource, text: string): Promise<string> {
  if (source.what !== 'blob') return prettyJson(text);
  const { readableAttachment } = await import('../../trust/readable.ts');
  return readableAttachment(text) ?? prettyJson(text);
}
