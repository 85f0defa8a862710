import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch } from 'node:process';
import type { Platform } from '../../src/oci/platform.ts';
import { type BuiltLayer, layer } from './image.ts';
import { directory, type Entry, file, hardlink, symlink } from './tar.ts';
import { findTool } from './tools.ts';

/** The platform of the base layer's programs: this machine's. */
export const NATIVE: Platform = { os: 'linux', architecture: arch === 'arm64' ? 'arm64' : 'amd64' };
/** The other platform. */
export const FOREIGN: Platform = { os: 'linux', architecture: NATIVE.architecture === 'arm64' ? 'amd64' : 'arm64' };

/** Returns the system's statically linked busybox with its applet names, or undefined. */
export function staticBusybox(): { readonly program: Buffer; readonly applets: readonly string[] } | undefined {
  const path = process.platform === 'linux' ? findTool('busybox') : undefined;
  if (path === undefined) return undefined;
  const program = readFileSync(path);
  if (needsLoader(program)) return undefined;
  const list = execFileSync(path, ['--list'], { encoding: 'utf8' });
  return { program, applets: list.split('\n').filter(name => name !== '' && name !== 'busybox') };
}

/**
 * A dynamically linked program would find no loader in the image: its ELF file has a PT_INTERP
 * segment.
 */
function needsLoader(elf: Buffer): boolean {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) return true;
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => elf.readUInt32LE(start + index * size)).includes(3);
}

/**
 * Builds the root file system of busybox's image: `bin dev etc home root tmp usr var`, every applet
 * a hard link to one program.
 */
export function busyboxEntries(withProgram = true): Entry[] {
  const busybox = withProgram ? staticBusybox() : undefined;
  return [
    directory('bin/'),
    ...(busybox ? [file('bin/busybox', busybox.program, { mode: 0o755 })] : []),
    ...(busybox?.applets ?? []).map(name => hardlink(`bin/${name}`, 'bin/busybox', { mode: 0o755 })),
    directory('dev/'),
    directory('etc/'),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n'),
    file('etc/hosts', '127.0.0.1 localhost\n::1 localhost\n'),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n'),
    file('etc/shadow', 'root:*:::::::\n', { mode: 0o600 }),
    directory('home/', { uid: 65_534, gid: 65_534 }),
    directory('root/', { mode: 0o700 }),
    directory('tmp/', { mode: 0o1777 }),
    directory('usr/'),
    directory('usr/bin/'),
    symlink('usr/bin/env', '../../bin/env'),
    directory('usr/sbin/', { uid: 1, gid: 1 }),
    directory('var/'),
    directory('var/spool/'),
    directory('var/spool/mail/', { uid: 8, gid: 8 }),
    directory('var/www/'),
  ];
}

/**
 * Builds the base layer. Without a static busybox on this system, it has every file except the
 * programs.
 */
export function busyboxLayer(compression: 'gzip' | 'zstd' = 'gzip'): BuiltLayer {
  return layer(busyboxEntries(), { compression, createdBy: '/bin/sh -c #(nop) ADD file:busybox.tar.gz in / ' });
}

/** Builds the same layer without programs, for the other platform. */
export function foreignBaseLayer(): BuiltLayer {
  return layer(busyboxEntries(false), { createdBy: '/bin/sh -c #(nop) ADD file:files-only.tar.gz in / ' });
}
