import { Uri } from 'vscode';
import { isDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import type { ResolvedImage } from '../pull/resolveImage.ts';
import { SCHEMES } from './ids.ts';

/** What a Uri of scheme `peel` names: a path in an image, or in one of its layers. */
export interface FilePlace {
  readonly reference: Reference;
  readonly platform: string;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  /** Without a slash before it. */
  readonly path: string;
}

/** The Uri does not name a file of an image. */
export class InvalidFileUriError extends Error {
  constructor(uri: Uri) {
    super(`${uri.toString(true).slice(0, 300)} is no file of an image. Open it again from the Peel views.`);
    this.name = 'InvalidFileUriError';
  }
}

/**
 * The Uri of a path in an image. It holds all that is needed to find the file again after a reload, and names the image by its digest, so that it always means the
 * same bytes.
 */
export function fileUri(image: ResolvedImage, path: string, layer?: number): Uri {
  const reference = formatReference({ ...image.reference, digest: image.manifestDigest });
  const parts = [reference, formatPlatform(image.platform), ...(layer === undefined ? [] : [String(layer)])];
  // VS Code puts an authority into lower case and compares it so: all but digits and small letters is written as the hex of its bytes.
  const authority = parts.map(escaped).join('~');
  return Uri.from({ scheme: SCHEMES.files, authority, path: `/${path.toWellFormed()}` });
}

/** @throws {InvalidFileUriError} @throws {InvalidReferenceError} */
export function parseFileUri(uri: Uri): FilePlace {
  const [reference = '', platform = '', layer, ...more] = uri.authority.split('~').map(unescaped);
  const parsed = reference === '' ? undefined : parseReference(reference);
  const valid = more.length === 0 && (layer === undefined || /^[1-9]\d*$/.test(layer));
  if (uri.scheme !== SCHEMES.files || !parsed || !isDigest(parsed.digest) || platform === '' || !valid)
    throw new InvalidFileUriError(uri);
  const path = uri.path.replace(/^\/+/, '');
  return { reference: parsed, platform, path, ...(layer === undefined ? {} : { layer: Number(layer) }) };
}

function escaped(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^a-z0-9.-]/g, char => `_${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function unescaped(text: string): string {
  const bytes = text.replace(/_([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
