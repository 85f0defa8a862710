import { open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { isObject, type JsonObject } from '../../oci/json.ts';

/**
 * A JSON header and byte arrays in one file: magic, header length, CRC-32 and length of the rest,
 * header, parts. Each part is padded to a multiple of eight bytes, so the container's length is one
 * too, and other data may follow it.
 */
export interface Container {
  readonly header: JsonObject;
  readonly parts: readonly Buffer[];
}

const FIXED = 16;

/** Returns the length of the container that `bytes` starts with, if it is of that kind. */
export function containerLength(bytes: Buffer, magic: string): number | undefined {
  if (bytes.length < FIXED || bytes.toString('latin1', 0, 4) !== magic) return undefined;
  return FIXED + bytes.readUInt32LE(12);
}

/** @param magic four letters naming the kind of file and its version */
export function pack(magic: string, header: JsonObject, parts: readonly Uint8Array[]): Buffer {
  const text = Buffer.from(JSON.stringify({ ...header, parts: parts.map(part => part.byteLength) }));
  const pieces: Uint8Array[] = [text, padding(text.length)];
  for (const part of parts) pieces.push(part, padding(part.byteLength));
  const body = Buffer.concat(pieces);
  const fixed = Buffer.alloc(FIXED);
  fixed.write(magic, 'latin1');
  fixed.writeUInt32LE(text.length, 4);
  fixed.writeUInt32LE(crc32(body), 8);
  fixed.writeUInt32LE(body.length, 12);
  return Buffer.concat([fixed, body]);
}

/** Returns `undefined` if the file is missing, damaged, or of another kind or version. */
export async function readContainer(path: string, magic: string): Promise<Container | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && unpack(bytes, magic);
}

/** Ignores what follows the container. */
export function unpack(bytes: Buffer, magic: string): Container | undefined {
  const end = containerLength(bytes, magic);
  if (end === undefined || bytes.length < end) return undefined;
  const length = bytes.readUInt32LE(4);
  const body = bytes.subarray(FIXED, end);
  if (length > body.length || crc32(body) !== bytes.readUInt32LE(8)) return undefined;
  const header = parsed(body.toString('utf8', 0, length));
  if (!isObject(header) || !Array.isArray(header['parts'])) return undefined;
  const parts: Buffer[] = [];
  let at = length + padding(length).length;
  for (const size of header['parts'].map(Number)) {
    if (!(size >= 0) || at + size > body.length) return undefined;
    parts.push(body.subarray(at, at + size));
    at += size + padding(size).length;
  }
  return { header, parts };
}

/** Reads the bytes [start, end) of a file; fewer where it ends. */
export async function readFileRange(path: string, start: number, end: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(end - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function padding(length: number): Uint8Array {
  return new Uint8Array((8 - (length % 8)) % 8);
}
