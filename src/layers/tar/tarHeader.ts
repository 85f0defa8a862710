import { decodeName } from './byteName.ts';
import { InvalidLayerError } from '../errors.ts';

/** Bytes of a tar block: everything in an archive is padded to it. */
export const BLOCK = 512;

/** Returns how many bytes are missing to the next whole block. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The fields of a header block, before those of extended headers replace them. */
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
}

/**
 * Decodes a header block with a right checksum: v7, ustar, pax, GNU or star (POSIX pax, "ustar
 * Interchange Format"; GNU tar manual, "Basic Tar Format").
 * @throws {InvalidLayerError}
 */
export function decodeHeader(block: Buffer): RawHeader {
  const ustar = block.readUInt32BE(257) === 0x75737461 && block[261] === 0x72;
  const posix = ustar && block[262] === 0;
  const gnu = ustar && block[262] === 0x20;
  const name = text(block, 0, 100);
  const prefix = posix ? text(block, 345, isStar(block) ? 131 : 155) : gnu ? misplacedPrefix(block) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numeric(block, 100, 8) & 0o7777,
    uid: anyNumber(block, 108, 8),
    gid: anyNumber(block, 116, 8),
    size: numeric(block, 124, 12),
    mtime: clamp(anyNumber(block, 136, 12)),
    flag: String.fromCharCode(block[156] ?? 0),
    linkname: text(block, 157, 100),
    devMajor: posix || gnu ? device(block, 329) : 0,
    devMinor: posix || gnu ? device(block, 337) : 0,
  };
}

/** Checks the sum over all bytes, its own as blanks. Some old writers summed signed bytes. */
export function hasRightChecksum(block: Buffer): boolean {
  let unsigned = 8 * 0x20;
  let high = 0;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    unsigned += byte;
    high += byte >> 7;
  }
  const stated = statedChecksum(block);
  return stated === unsigned || stated === unsigned - high * 256;
}

function statedChecksum(block: Buffer): number {
  try {
    return numeric(block, 148, 8);
  } catch {
    return NaN;
  }
}

/** Returns the nearest number whose whole part is exact. */
export function clamp(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
}

/**
 * Reads a number: octal, with blanks or NULs around it, or base-256 if the top bit of the first
 * byte is set.
 * @throws {InvalidLayerError} if it is neither, or too large to count with
 */
export function numeric(block: Buffer, start: number, length: number): number {
  const number = anyNumber(block, start, length);
  if (Number.isSafeInteger(number)) return number;
  throw new InvalidLayerError('a number in a tar header is too large');
}

function anyNumber(block: Buffer, start: number, length: number): number {
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

/** GNU's form of numbers too large for octal: big-endian two's complement, with the top bit set. */
function base256(block: Buffer, start: number, length: number): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0;
  let value = 0n;
  for (let at = start; at < start + length; at++) {
    const byte = at === start ? (block[at] ?? 0) & 0x7f : (block[at] ?? 0);
    value = (value << 8n) | BigInt(byte);
  }
  if (negative) value -= 1n << BigInt(length * 8 - 1);
  return Number(value);
}

/** Some writers leave junk here in entries that are not devices. */
function device(block: Buffer, start: number): number {
  const flag = block[156];
  return flag === 0x33 || flag === 0x34 ? numeric(block, start, 8) : 0;
}

/**
 * Returns the path's prefix from a GNU header, where Go before 1.8 wrote one by mistake in place of
 * the access and change times (golang/go#12594, #21005). As current Go does, takes it for a prefix
 * if it is ASCII and the times are not numbers.
 */
function misplacedPrefix(block: Buffer): string {
  if (block[345] === 0) return '';
  if (isTime(block, 345) && isTime(block, 357)) return '';
  const prefix = text(block, 345, 155);
  const isAscii = Buffer.byteLength(prefix) === prefix.length;
  return isAscii ? prefix : '';
}

function isTime(block: Buffer, start: number): boolean {
  const first = block[start] ?? 0;
  return first >= 0x80 || /^[\0 ]*[0-7]*(?:[\0 ]*$|\0)/.test(block.toString('latin1', start, start + 12));
}

function text(block: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return end === start ? '' : decodeName(block, start, end);
}

/** star's variant of ustar has a shorter prefix, with times after it. */
function isStar(block: Buffer): boolean {
  return block.readUInt32BE(508) === 0x74617200; // tar and NUL
}
