import { NOTHING, type Finding } from './finding.ts';
import { readGoProgram } from './goBuildInfo.ts';
import { readRustProgram } from './rustProgram.ts';

/** Where UPX signs a program that it has packed. */
const UPX_HEAD = 4096;

/** Reads what a program says it was built from. */
export function readExecutable(file: Buffer): Finding {
  const known = readGoProgram(file) ?? readRustProgram(file);
  if (known) return known;
  if (file.subarray(0, UPX_HEAD).includes('UPX!'))
    return { packages: [], notes: ['is packed with UPX, so it is unknown what it was built from'] };
  return NOTHING;
}
