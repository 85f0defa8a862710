import type { FileHandle } from 'node:fs/promises';
import type { Segment } from './tarEntry.ts';

/** The block size of most file systems. */
const UNIT = 4096;
const CHUNK = 256 * UNIT;
const ZEROS = Buffer.alloc(CHUNK);

/** Returns a file's nonzero parts, in whole units. Reads the holes, as Node has no SEEK_DATA. */
export async function dataSegments(file: FileHandle, size: number, signal?: AbortSignal): Promise<Segment[]> {
  const segments: { offset: number; length: number }[] = [];
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let offset = 0; offset < size;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - offset), offset);
    if (bytesRead === 0) break;
    if (buffer.compare(ZEROS, 0, bytesRead, 0, bytesRead) !== 0)
      addUnits(segments, buffer.subarray(0, bytesRead), offset);
    offset += bytesRead;
  }
  return segments;
}

function addUnits(segments: { offset: number; length: number }[], bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; at += UNIT) {
    const end = Math.min(at + UNIT, bytes.length);
    if (bytes.compare(ZEROS, 0, end - at, at, end) === 0) continue;
    const last = segments.at(-1);
    if (last !== undefined && last.offset + last.length === offset + at) last.length += end - at;
    else segments.push({ offset: offset + at, length: end - at });
  }
}
