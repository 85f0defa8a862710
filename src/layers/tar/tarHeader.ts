import { decodeName } from './byteName.ts';
import { InvalidLayerError } from '../errors.ts';

/** Bytes of a tar block: all that is in an archive is padded to it. */
export const BLOCK = 512;

/** The fields of a header block, decoded but not yet joined with those of the extended headers before it. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Written by GNU tar, which has other fields where POSIX has the path's prefix. */
  readonly gnu: boolean;
}

/**
 * Decodes a header block of any of the formats that are about: v7, ustar, pax, GNU, star (POSIX pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 * @throws {InvalidLayerError} when it is none
 */
export function decodeHeader(block: Buffer): RawHeader {
  checkSum(block);
  const ustar = block.readUInt32BE(257) === 0x75737461 && block[261] === 0x72;
  const posix = ustar && block[262] === 0;
  const gnu = ustar && block[262] === 0x20;
  const name = text(block, 0, 100);
  const prefix = posix ? text(block, 345, isStar(block) ? 131 : 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numeric(block, 100, 8) & 0o7777,
    uid: numeric(block, 108, 8),
    gid: numeric(block, 116, 8),
    size: numeric(block, 124, 12),
    mtime: numeric(block, 136, 12),
    flag: String.fromCharCode(block[156] ?? 0),
    linkname: text(block, 157, 100),
    devMajor: posix || gnu ? device(block, 329) : 0,
    devMinor: posix || gnu ? device(block, 337) : 0,
    gnu,
  };
}

/**
 * Reads a number as tar has it: octal, with blanks or NULs around it, or base-256 when the top bit of the first byte is set.
 * @throws {InvalidLayerError} when it is neither, or too large to be counted with
 */
export function numeric(block: Buffer, start: number, length: number): number {
  if (((block[start] ?? 0) & 0x80) !== 0) return base256(block, start, length);
  let at = start;
  const end = start + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) throw new InvalidLayerError('a number in a tar header is not octal');
    value = value * 8 + (byte - 0x30);
  }
  return value;
}

/** GNU's form for what octal has no room for: two's complement, big end first, the first byte's top bit being the mark. */
function base256(block: Buffer, start: number, length: number): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0;
  let value = 0n;
  for (let at = start; at < start + length; at++) {
    const byte = at === start ? (block[at] ?? 0) & 0x7f : (block[at] ?? 0);
    value = (value << 8n) | BigInt(byte);
  }
  if (negative) value -= 1n << BigInt(length * 8 - 1);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new InvalidLayerError('a number in a tar header is too large');
  return number;
}

/** Some writers leave junk here in entries that are no devices. */
function device(block: Buffer, start: number): number {
  const flag = block[156];
  return flag === 0x33 || flag === 0x34 ? numeric(block, start, 8) : 0;
}

function text(block: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return end === start ? '' : decodeName(block, start, end);
}

/** star's own ustar has times behind a shorter prefix. */
function isStar(block: Buffer): boolean {
  return block.readUInt32BE(508) === 0x74617200; // tar and NUL
}

/** The sum over all bytes, the sum itself counted as blanks. Some old writers took the bytes as signed. */
function checkSum(block: Buffer): void {
  let unsigned = 8 * 0x20;
  let high = 0;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    unsigned += byte;
    high += byte >> 7;
  }
  const stated = numeric(block, 148, 8);
  if (stated !== unsigned && stated !== unsigned - high * 256) {
    throw new InvalidLayerError('a tar header has a wrong checksum');
  }
}
