import type { MergedNode, MergedTree, NumberedLayer } from '../browse/tree/mergedTree.ts';
import { wantedFiles, type WantedFile } from '../browse/pieces/wantedFiles.ts';
import { isSbom, LARGEST, mayBeProgram, recordKind, type FileKind } from './fileKinds.ts';
import { OS_RELEASE } from './os/osRelease.ts';
import { PACKAGE_DATABASES, type PackageDatabase } from './os/packageDatabases.ts';

/** A file to read. */
export interface ChosenFile extends WantedFile {
  readonly kind: FileKind;
  readonly size: number;
}

/** The files that say what an image has installed, chosen by path, mode and size alone. */
export interface ChosenFiles {
  readonly byLayer: ReadonlyMap<NumberedLayer, readonly ChosenFile[]>;
  /** Sparse files, which can't be read in a pass. */
  readonly sparse: readonly { readonly file: ChosenFile; readonly node: MergedNode }[];
  readonly databases: readonly FoundDatabase[];
  /** Path of os-release, links followed. */
  readonly release: string | undefined;
  readonly sboms: readonly { readonly path: string; readonly layer: number }[];
  readonly notes: readonly string[];
}

/** A database that the image has; paths with links followed. */
export interface FoundDatabase extends Pick<PackageDatabase, 'type' | 'read'> {
  readonly path: string;
  readonly layer: number;
  readonly log?: string;
}

/** Where images without dpkg ("distroless") describe each package in a file of its own. */
export const DPKG_PARTS = 'var/lib/dpkg/status.d/';
/** Where dpkg lists the files of each package. */
export const DPKG_LISTS = 'var/lib/dpkg/info/';
const COPYRIGHT = /^usr\/share\/doc\/[^/]+\/copyright$/;

/** Chooses the files to read. Only what the merged view shows is installed. */
export async function chooseFiles(tree: MergedTree, signal: AbortSignal): Promise<ChosenFiles> {
  const { databases, release, special } = specialFiles(tree);
  const notes: string[] = [];
  const sboms: { path: string; layer: number }[] = [];
  const hasDpkg = databases.some(({ type }) => type === 'dpkg');
  const kinds = new Map<string, FileKind>();
  const passes = (node: MergedNode): boolean => {
    if (isSbom(node.path)) sboms.push({ path: node.path, layer: node.layer });
    const kind = kindOf(node, special, hasDpkg);
    if (!kind) return false;
    if (node.facts.size > LARGEST[kind]) {
      notes.push(`${node.path} is too large to be read for packages.`);
      return false;
    }
    kinds.set(node.path, kind);
    return true;
  };
  const wanted = await wantedFiles(tree, tree.root, passes, signal);
  const chosen = (path: string, layer: number, at: number, size: number): ChosenFile => ({
    path,
    kind: kinds.get(path) ?? 'raw',
    size,
    layer,
    at,
  });
  const byLayer = new Map(
    [...wanted].map(([layer, files]) => [
      layer,
      files.map(({ path, layer: number, at }) => chosen(path, number, at, layer.files.listing.size(at))),
    ]),
  );
  const sparse = [...special.values()].flatMap(node =>
    node.content && node.contentEntry?.sparse
      ? [{ node, file: chosen(node.path, node.layer, node.content.at, node.facts.size) }]
      : [],
  );
  return { byLayer, sparse, databases, release, sboms, notes };
}

/** Finds the files with fixed paths, following links. */
function specialFiles(tree: MergedTree): Pick<ChosenFiles, 'databases' | 'release'> & {
  readonly special: ReadonlyMap<string, MergedNode>;
} {
  const special = new Map<string, MergedNode>();
  const fileAt = (path: string): MergedNode | undefined => {
    const node = tree.tryFind(path);
    if (node?.contentEntry?.type !== 'file') return undefined;
    special.set(node.path, node);
    return node;
  };
  const databases: FoundDatabase[] = [];
  for (const { type, path, log, read } of PACKAGE_DATABASES) {
    if (databases.some(known => known.type === type)) continue;
    const node = fileAt(path);
    if (!node) continue;
    const newer = log === undefined ? undefined : fileAt(log);
    databases.push({ type, read, path: node.path, layer: node.layer, ...(newer ? { log: newer.path } : {}) });
  }
  const [first, second] = OS_RELEASE;
  return { databases, release: (fileAt(first) ?? fileAt(second))?.path, special };
}

function kindOf(node: MergedNode, special: ReadonlyMap<string, MergedNode>, hasDpkg: boolean): FileKind | undefined {
  const { path } = node;
  if (special.has(path)) return 'raw';
  if (path.startsWith(DPKG_PARTS)) return 'raw';
  if (hasDpkg && path.startsWith(DPKG_LISTS) && path.endsWith('.list')) return 'raw';
  if (COPYRIGHT.test(path)) return 'copyright';
  const kind = recordKind(path);
  if (kind) return kind;
  const entry = node.contentEntry;
  return entry && mayBeProgram({ path, mode: entry.mode, size: entry.size }) ? 'executable' : undefined;
}
