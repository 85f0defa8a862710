import { DamagedDatabaseError, partOf } from './databaseBytes.ts';
import type { Package } from './package.ts';

const TAGS = { name: 1000, version: 1001, release: 1002, epoch: 1003, arch: 1022 } as const;
const INT32 = 4;
const STRING = 6;
/** Bytes of an entry: tag, type, offset, count. */
const ENTRY = 16;

/**
 * Reads a package's header as a database stores it: number of entries, length of the data, entries,
 * data. All numbers are big-endian (rpm.org, "RPM V4 Package format").
 * @throws {DamagedDatabaseError}
 */
export function readRpmHeader(header: Buffer): Package {
  const count = partOf(header, 0, 8).readUInt32BE(0);
  const entries = partOf(header, 8, count * ENTRY);
  const data = partOf(header, 8 + entries.length, header.readUInt32BE(4));
  const valueOf = (tag: number, type: number): Buffer | undefined => {
    for (let at = 0; at < entries.length; at += ENTRY) {
      if (entries.readUInt32BE(at) !== tag || entries.readUInt32BE(at + 4) !== type) continue;
      const offset = entries.readUInt32BE(at + 8);
      return partOf(data, offset, data.length - offset);
    }
    return undefined;
  };
  const text = (tag: number): string | undefined => {
    const value = valueOf(tag, STRING);
    return value?.toString('utf8', 0, Math.max(0, value.indexOf(0)));
  };
  const name = text(TAGS.name);
  const version = text(TAGS.version);
  if (name === undefined || version === undefined) throw new DamagedDatabaseError('it has a package without a name');
  const epoch = valueOf(TAGS.epoch, INT32);
  const release = text(TAGS.release);
  const prefix = epoch ? `${partOf(epoch, 0, 4).readUInt32BE()}:` : '';
  const suffix = release === undefined ? '' : `-${release}`;
  return { name, version: prefix + version + suffix, arch: text(TAGS.arch) ?? '' };
}
