import type { FileHandle } from 'node:fs/promises';

/** A piece of a file, in bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** What file systems allocate at once, mostly. */
const UNIT = 4096;
const CHUNK = 256 * UNIT;
const ZEROS = Buffer.alloc(CHUNK);

/** The pieces of a file that hold anything but zeros, in whole units. Node has no SEEK_DATA, so the holes are read. */
export async function dataRanges(file: FileHandle, size: number, signal?: AbortSignal): Promise<Range[]> {
  const ranges: { offset: number; length: number }[] = [];
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let offset = 0; offset < size;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - offset), offset);
    if (bytesRead === 0) break;
    if (buffer.compare(ZEROS, 0, bytesRead, 0, bytesRead) !== 0)
      addUnits(ranges, buffer.subarray(0, bytesRead), offset);
    offset += bytesRead;
  }
  return ranges;
}

function addUnits(ranges: { offset: number; length: number }[], bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; at += UNIT) {
    const end = Math.min(at + UNIT, bytes.length);
    if (bytes.compare(ZEROS, 0, end - at, at, end) === 0) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.offset + last.length === offset + at) last.length += end - at;
    else ranges.push({ offset: offset + at, length: end - at });
  }
}
