import type { Sliced } from '../../browse/formats/slices.ts';
import type { MergedTree } from '../../browse/tree/mergedTree.ts';
import type { InstalledPackage } from '../package.ts';
import type { OwningPackage } from './packageParagraphs.ts';

/** A package of the operating system, and the file that records it. */
export interface RecordedPackage {
  readonly type: 'dpkg' | 'apk' | 'rpm';
  readonly found: OwningPackage;
  readonly path: string;
  readonly layer: number;
}

/** By path: files of dpkg that list a package's files, and the licenses in `copyright` files. */
interface Details {
  readonly raw: ReadonlyMap<string, Buffer>;
  readonly licenses: ReadonlyMap<string, string>;
}

const LISTS = 'var/lib/dpkg/info';
/** Files of a package that are looked up to find its layer. */
const SAMPLE = 50;

/**
 * Finds the layer that brought each package, and which of `candidates` belong to one.
 *
 * A package's layer is the one whose version of dpkg's list of its files the image shows: dpkg
 * writes it when it installs or upgrades the package. For other package managers it is the layer
 * with most of its files, apart from configuration, which upgrades may keep. A package without
 * files has the layer of the database.
 */
export function* placePackages(
  tree: MergedTree,
  recorded: readonly RecordedPackage[],
  { raw, licenses }: Details,
  candidates: ReadonlySet<string>,
): Sliced<{ readonly placed: readonly InstalledPackage[]; readonly owned: ReadonlySet<string> }> {
  const resolve = resolver(tree);
  const owned = new Set<string>();
  const placed: InstalledPackage[] = [];
  for (const { type, found, path, layer } of recorded) {
    const { files: own, ...facts } = found;
    const list = type === 'dpkg' ? listOf(found, raw) : undefined;
    const files = list === undefined ? own : (raw.get(list)?.toString('utf8').split('\n') ?? []);
    for (const file of files) {
      const real = resolve(file);
      if (candidates.has(real)) owned.add(real);
      yield;
    }
    const listed = list === undefined ? undefined : tree.tryFind(list, false);
    const license = type === 'dpkg' ? licenseOf(found.name, tree, licenses) : undefined;
    placed.push({
      ...facts,
      ...(license === undefined ? {} : { license }),
      type,
      path,
      layer: listed?.layer ?? (own.length > 0 && !isPart(path) ? layerOfMost(tree, own, resolve) : undefined) ?? layer,
    });
    yield;
  }
  return { placed, owned };
}

/** A distroless image's record of one package is in the layer that brought it. */
function isPart(path: string): boolean {
  return path.includes('/status.d/');
}

/** Packages of several architectures at once have theirs in the name. */
function listOf({ name, arch }: OwningPackage, raw: Details['raw']): string | undefined {
  return [`${LISTS}/${name}:${arch ?? ''}.list`, `${LISTS}/${name}.list`].find(path => raw.has(path));
}

function licenseOf(name: string, tree: MergedTree, licenses: Details['licenses']): string | undefined {
  const path = `usr/share/doc/${name}/copyright`;
  // The folder may be a link to that of another package from the same source.
  return licenses.get(path) ?? licenses.get(tree.tryFind(path)?.path ?? '');
}

function layerOfMost(
  tree: MergedTree,
  files: readonly string[],
  resolve: (path: string) => string,
): number | undefined {
  const counts = new Map<number, number>();
  const sample = files.filter(file => !file.startsWith('etc/')).slice(0, SAMPLE);
  for (const file of sample) {
    const node = tree.tryFind(resolve(file), false);
    if (node?.contentEntry?.type === 'file') counts.set(node.layer, (counts.get(node.layer) ?? 0) + 1);
  }
  return [...counts].sort(([layer, one], [other, two]) => two - one || layer - other)[0]?.[0];
}

/**
 * Returns a function that follows links in the folders of a path: `bin/sh` is `usr/bin/sh` in
 * merged systems. Packages list many files of a folder in a row, so folders are remembered.
 */
function resolver(tree: MergedTree): (path: string) => string {
  const folders = new Map<string, string>();
  return path => {
    const plain = path.replace(/^\/+/, '');
    const at = plain.lastIndexOf('/');
    if (at === -1) return plain;
    const folder = plain.slice(0, at);
    let real = folders.get(folder);
    if (real === undefined) folders.set(folder, (real = tree.tryFind(folder)?.path ?? folder));
    return `${real}${plain.slice(at)}`;
  };
}
