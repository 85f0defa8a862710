import { TrustedRoot } from '@sigstore/protobuf-specs';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import { isObject } from '../oci/json.ts';

/** Certificate authorities and logs that vouch for signers, and where they come from. */
export interface TrustRoots {
  /** Part of a message: `Sigstore's public trust root, built into Peel`. */
  readonly origin: string;
  readonly roots: readonly TrustedRoot[];
}

/** A file isn't a trust root. */
export class InvalidTrustRootError extends Error {
  readonly file: string;
  constructor(file: string, options?: ErrorOptions) {
    super(
      `${file} isn't a Sigstore trust root. Choose a trusted_root.json, such as the output of "cosign trusted-root create" or "gh attestation trusted-root".`,
      options,
    );
    this.name = 'InvalidTrustRootError';
    this.file = file;
  }
}

/** Returns the root of the public Sigstore instance, as of the build of Peel. */
export function builtInRoots(): TrustRoots {
  const targets = seeds['https://tuf-repo-cdn.sigstore.dev'].targets;
  const json: unknown = JSON.parse(Buffer.from(targets['trusted_root.json'], 'base64').toString());
  return { origin: "Sigstore's public trust root, built into Peel", roots: [TrustedRoot.fromJSON(json)] };
}

/**
 * Parses a file with trust roots: one JSON document, or one on each line.
 * @param file its path, for messages
 * @throws {InvalidTrustRootError}
 */
export function parseTrustRoots(text: string, file: string): TrustRoots {
  try {
    const documents = documentsOf(text).map(parseRoot);
    if (documents.length === 0) throw new Error('the file is empty');
    return { origin: file, roots: documents };
  } catch (cause) {
    throw new InvalidTrustRootError(file, { cause });
  }
}

function documentsOf(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    const lines = text.split('\n').filter(line => line.trim() !== '');
    return lines.map((line): unknown => JSON.parse(line));
  }
}

function parseRoot(json: unknown): TrustedRoot {
  const root = TrustedRoot.fromJSON(json);
  if (!isObject(json) || root.certificateAuthorities.length === 0) throw new Error('it names no certificate authority');
  return root;
}
