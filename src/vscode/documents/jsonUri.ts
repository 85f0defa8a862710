import { posix } from 'node:path';
import { Uri } from 'vscode';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, shortDigest } from '../../oci/digest.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import { SCHEMES } from '../common/ids.ts';

/**
 * What a read-only JSON document shows. Its Uri contains all of this, so that an editor restored
 * after a reload can be filled again.
 */
export type JsonSource =
  | { readonly what: 'manifest' | 'config'; readonly reference: Reference; readonly platform?: string }
  | { readonly what: 'manifest' | 'config'; readonly folder: string }
  | { readonly what: 'blob'; readonly reference: Reference; readonly blob: Descriptor };

/** The Uri doesn't name a document of Peel. */
export class InvalidDocumentError extends Error {
  constructor(uri: Uri) {
    super(`${uri.toString(true).slice(0, 300)} isn't a document of Peel. Open it again from the Peel views.`);
    this.name = 'InvalidDocumentError';
  }
}

/** The document of an image in a registry. */
export function imageUri(what: 'manifest' | 'config', reference: Reference, platform: string | undefined): Uri {
  const name = [
    `${posix.basename(reference.repository)}${versionOf(reference)}`,
    platform?.replaceAll(/[/ ]/g, '-'),
    what,
  ];
  return jsonUri(reference, `${name.filter(Boolean).join(' ')}.json`, {
    what,
    reference: formatReference(reference),
    ...(platform ? { platform } : {}),
  });
}

/** The document of a pulled image, read from its folder without a registry. */
export function folderUri(what: 'manifest' | 'config', folder: string): Uri {
  const path = `${Uri.file(folder).path}/${what}.json`;
  return Uri.from({ scheme: SCHEMES.json, path, query: new URLSearchParams({ what, folder }).toString() });
}

/**
 * The document of a small JSON blob, such as a file of an attestation. `name` is the editor's
 * title.
 */
export function blobUri(reference: Reference, blob: Descriptor, name: string): Uri {
  const file = name.replaceAll(/[/\\]/g, '-');
  return jsonUri(reference, file.endsWith('.json') ? file : `${file}.json`, {
    what: 'blob',
    reference: formatReference(reference),
    digest: blob.digest,
    size: String(blob.size),
    type: blob.mediaType,
  });
}

/**
 * Parses a Uri made by one of the above. @throws {InvalidDocumentError} @throws
 * {InvalidReferenceError}
 */
export function parseJsonUri(uri: Uri): JsonSource {
  const query = new URLSearchParams(uri.query);
  const what = query.get('what');
  if (what === 'blob') {
    const digest = query.get('digest');
    const size = Number(query.get('size'));
    if (!isDigest(digest) || !Number.isSafeInteger(size)) throw new InvalidDocumentError(uri);
    const blob = { mediaType: query.get('type') ?? '', digest, size };
    return { what, reference: parseReference(query.get('reference') ?? ''), blob };
  }
  if (what !== 'manifest' && what !== 'config') throw new InvalidDocumentError(uri);
  const folder = query.get('folder');
  if (folder) return { what, folder };
  const platform = query.get('platform');
  return { what, reference: parseReference(query.get('reference') ?? ''), ...(platform ? { platform } : {}) };
}

function jsonUri(reference: Reference, name: string, query: Readonly<Record<string, string>>): Uri {
  const folder = posix.dirname(reference.repository);
  const path = posix.join('/', reference.registry, folder, name);
  return Uri.from({ scheme: SCHEMES.json, path, query: new URLSearchParams(query).toString() });
}

function versionOf({ tag, digest }: Reference): string {
  return tag ? `:${tag}` : digest ? `@${shortDigest(digest)}` : '';
}
