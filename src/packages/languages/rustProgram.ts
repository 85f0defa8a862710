import { inflateSync } from 'node:zlib';
import { isObject } from '../../oci/json.ts';
import { Elf } from './elf.ts';
import { found, type Finding } from './finding.ts';

/** The limit of cargo-auditable's own reader. */
const MOST = 8 << 20;

/**
 * Reads the crates of a Rust program built with cargo-auditable: JSON compressed by zlib in the
 * section `.dep-v0`. Returns `undefined` if it has none. @throws if it is damaged
 */
export function readRustProgram(file: Buffer): Finding | undefined {
  const section = Elf.of(file)?.section('.dep-v0');
  if (!section) return undefined;
  const json: unknown = JSON.parse(inflateSync(section, { maxOutputLength: MOST }).toString('utf8'));
  const list: unknown = isObject(json) ? json['packages'] : undefined;
  if (!Array.isArray(list)) return undefined;
  // Crates of kind `build` only helped to build it.
  const present = list.filter(isObject).filter(({ kind }) => kind !== 'build');
  return { packages: present.flatMap(({ name, version }) => found('cargo', name, version)) };
}
