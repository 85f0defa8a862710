import { decodeName, nameBytes } from '../../layers/tar/byteName.ts';

/*
 * Bytes of a name that are not UTF-8 cannot be shown or put into a URI. They are written as U+FFFD
 * and two hexadecimal digits, so that names that would look alike stay different.
 */

/** Returns a path as editors and URIs can hold it. */
export function shownPath(path: string): string {
  return path
    .replace(/\ufffd(?=[89A-F][\dA-F])|[\udc80-\udcff]/gu, part =>
      [...nameBytes(part)].map(byte => `\ufffd${byte.toString(16).toUpperCase()}`).join(''),
    )
    .toWellFormed();
}

export function nameFromShown(name: string): string {
  if (!name.includes('\ufffd')) return name;
  const raw = name.replace(/\ufffd([89A-F][\dA-F])/g, (_, byte: string) =>
    String.fromCharCode(0xdc00 | parseInt(byte, 16)),
  );
  return decodeName(nameBytes(raw));
}
