import { isDigest } from '../../oci/digest.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import { SCHEMES } from './ids.ts';

/** What a Uri of scheme `peel` names: a path in an image, or in one of its layers. */
export interface FileLocation {
  readonly reference: Reference;
  readonly platform: string;
  /** A layer's number; absent = all layers merged. */
  readonly layer?: number;
  /** Without a leading slash. */
  readonly path: string;
}

/** The parts of a Uri that locate a file. */
export interface FileUriParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

/** The Uri doesn't name a file of an image. */
export class InvalidFileUriError extends Error {
  constructor({ scheme, authority, path }: FileUriParts) {
    super(
      `${`${scheme}://${authority}${path}`.slice(0, 300)} isn't a file of an image. Open it again from the Peel views.`,
    );
    this.name = 'InvalidFileUriError';
  }
}

/**
 * Encodes strings into a Uri's authority. VS Code lower-cases authorities and compares them that
 * way, so everything but digits and lower-case letters becomes the hex of its bytes.
 * @param shown follows a plus sign and is only there to be read: `resourceLabelFormatters` in
 *   package.json shows it before the path (`authoritySuffix`)
 */
export function authorityOf(parts: readonly string[], shown: string): string {
  return `${parts.map(escaped).join('~')}+${shown.replace(/[^A-Za-z0-9._:,-]/g, '-')}`;
}

/** @throws {InvalidFileUriError} @throws {InvalidReferenceError} */
export function parseFileUri(uri: FileUriParts): FileLocation {
  const [reference = '', platform = '', layer, ...more] = codeOf(uri).split('~').map(unescaped);
  const parsed = reference === '' ? undefined : parseReference(reference);
  const valid = more.length === 0 && (layer === undefined || /^[1-9]\d*$/.test(layer));
  if (uri.scheme !== SCHEMES.files || !parsed || !isDigest(parsed.digest) || platform === '' || !valid)
    throw new InvalidFileUriError(uri);
  const path = uri.path.replace(/^\/+/, '');
  return { reference: parsed, platform, path, ...(layer === undefined ? {} : { layer: Number(layer) }) };
}

/** The authority without the name that follows for readers. */
function codeOf({ authority }: FileUriParts): string {
  const [code = ''] = authority.split('+', 1);
  return code;
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
