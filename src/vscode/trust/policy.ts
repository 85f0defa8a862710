import { readFile } from 'node:fs/promises';
import { builtInRoots, parseTrustRoots } from '../../trust/trustRoot.ts';
import type { Policy } from '../../trust/verifyImage.ts';
import { parsePublicKey } from '../../trust/verifyKey.ts';
import type { CommandArgument } from '../common/argument.ts';
import { absolutePath } from '../common/workspacePaths.ts';

/** Keys and trust roots are a few kB. */
const LONGEST = 4 << 20;

/** A file named for verifying is too large to be what it should be. */
export class TooLargeFileError extends Error {
  readonly file: string;
  constructor(file: string) {
    super(`${file} is too large for a key or a trust root. Choose another file.`);
    this.name = 'TooLargeFileError';
    this.file = file;
  }
}

/**
 * Reads whose signature is accepted from a command's argument.
 * @throws {InvalidPublicKeyError} @throws {InvalidTrustRootError} and what reading a file throws
 */
export async function policyOf({
  key,
  identity,
  issuer,
  trustedRoot,
}: Partial<Pick<CommandArgument, 'key' | 'identity' | 'issuer' | 'trustedRoot'>>): Promise<Policy> {
  return {
    ...(key === undefined ? {} : { key: parsePublicKey(await textOf(key), key) }),
    ...(identity === undefined ? {} : { identity }),
    ...(issuer === undefined ? {} : { issuer }),
    roots: trustedRoot === undefined ? builtInRoots() : parseTrustRoots(await textOf(trustedRoot), trustedRoot),
  };
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(absolutePath(file));
  if (bytes.length > LONGEST) throw new TooLargeFileError(file);
  return bytes.toString('utf8');
}
