import { isUtf8 } from 'node:buffer';

/*
 * Names in archives are bytes: most are UTF-8, some are not, and each must reach the disk
 * unchanged. Peel keeps a name as a string in which a byte that is not part of valid UTF-8 is a
 * lone surrogate U+DC80…U+DCFF, like Python's `surrogateescape`. Valid UTF-8 never decodes to a
 * lone surrogate, so different bytes always make different strings, and the bytes can be restored.
 */
const LONE = /[\udc80-\udcff]/u;

/** Decodes the bytes [start, end). */
export function decodeName(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\ufffd')) return text;
  // U+FFFD stands for invalid bytes, but the name may also contain it.
  const part = bytes.subarray(start, end);
  return isUtf8(part) ? text : decodeMixed(part);
}

/** Returns true if the name has bytes that are not valid UTF-8. */
export function hasRawBytes(name: string): boolean {
  return LONE.test(name);
}

/** Returns the exact bytes of a name. */
export function nameBytes(name: string): Buffer {
  if (!hasRawBytes(name)) return Buffer.from(name, 'utf8');
  const parts: Buffer[] = [];
  let clean = 0;
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    if (unit < 0xdc80 || unit > 0xdcff || isHighSurrogate(name.charCodeAt(at - 1))) continue;
    parts.push(Buffer.from(name.slice(clean, at), 'utf8'), Buffer.of(unit & 0xff));
    clean = at + 1;
  }
  parts.push(Buffer.from(name.slice(clean), 'utf8'));
  return Buffer.concat(parts);
}

/** Returns a name as `node:fs` takes it: a string if it is valid UTF-8, else its bytes. */
export function fsPath(name: string): string | Buffer {
  return hasRawBytes(name) ? nameBytes(name) : name;
}

/** Returns the number of bytes in the name. */
export function nameLength(name: string): number {
  // A lone surrogate counts as the three bytes of U+FFFD.
  const length = Buffer.byteLength(name, 'utf8');
  return length === name.length || !hasRawBytes(name) ? length : nameBytes(name).length;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Decodes valid sequences as UTF-8 and every other byte as a lone surrogate. */
function decodeMixed(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    const sequence = bytes.subarray(at, at + length);
    if (length > 0 && sequence.length === length && isUtf8(sequence)) {
      text += sequence.toString('utf8');
      at += length;
    } else {
      text += String.fromCharCode(0xdc00 | (bytes[at] ?? 0));
      at += 1;
    }
  }
  return text;
}

/** Returns the length of the UTF-8 sequence that starts with `lead`, or 0 if none does. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}
