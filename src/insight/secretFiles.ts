import { namedFile } from '../secrets/namedFiles.ts';
import type { FileEntry, LayerContent } from './layerContent.ts';

/** A file that likely holds a secret. */
export interface SecretFile {
  readonly path: string;
  readonly layer: number;
  /** What it likely is, such as `a private key`. */
  readonly what: string;
  /** The secret's line, from 1; absent where only the file's name suggests one. */
  readonly line?: number;
  /** It lies among tests, examples or manuals, so it is likely not in use. */
  readonly example?: true;
}

/** Folders of public keys, and of a system's or library's examples, manuals and tests. */
const HARMLESS =
  /(?:^|\/)(?:usr\/share\/(?:doc|ca-certificates|dns|keyrings|perl|python3?)|etc\/(?:ssl\/certs|apk\/keys|pki\/rpm-gpg)|test(?:s|data|_data)?|examples?|samples?|demos?|fixtures|__tests__|spec)\//;

/**
 * Finds likely secrets in all layers, including files that a later layer deletes, since everyone
 * who has the image has them too. Surest first: by content, then by name, then examples. A name
 * counts only in layers whose content was not read, and not for empty files and examples.
 */
export function secretFiles(layers: readonly LayerContent[]): SecretFile[] {
  return surestFirst(
    layers.flatMap(({ entries, listedOnly = false }) => entries.flatMap(entry => secretsOf(entry, listedOnly))),
  );
}

export function surestFirst(files: readonly SecretFile[]): SecretFile[] {
  return files.toSorted((one, other) => doubt(one) - doubt(other));
}

function secretsOf({ path, layer, type, size, suspects }: FileEntry, byName: boolean): SecretFile[] {
  if (!suspects && !byName) return [];
  const harmless = HARMLESS.test(path);
  if (suspects) return suspects.map(found => ({ path, layer, ...found, ...(harmless ? { example: true } : {}) }));
  const what = type === 'file' && size > 0 && !harmless ? namedFile(path)?.what : undefined;
  return what === undefined ? [] : [{ path, layer, what }];
}

function doubt({ line, example }: SecretFile): number {
  return example ? 2 : line === undefined ? 1 : 0;
}
