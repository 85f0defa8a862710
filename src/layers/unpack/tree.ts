import { followLinks } from '../../oci/followLinks.ts';
import type { SidecarFacts } from './sidecar.ts';
import type { TarEntry } from '../tar/tarEntry.ts';

/**
 * What was made in a folder, kept in memory. Since the folder was empty and nothing else writes to
 * it, this is complete: paths are resolved here, never by the kernel, so no symlink can lead out,
 * and no entry costs a look at the disk.
 */
export type TreeNode = DirectoryNode | FileNode | SymlinkNode | SpecialNode | WhiteoutNode | LinkNode;

/** A regular file. Files with the same facts share one node, since there are many. */
export interface FileNode {
  readonly kind: 'file';
  readonly layer: number;
  /** What the disk does not show. */
  readonly facts: SidecarFacts | undefined;
}

export interface SymlinkNode {
  readonly kind: 'symlink';
  readonly layer: number;
  readonly target: string;
  readonly facts: SidecarFacts | undefined;
}

/** A FIFO or device. FIFOs are made at the end, devices not at all. */
export interface SpecialNode {
  readonly kind: 'fifo' | 'char' | 'block';
  readonly layer: number;
  readonly entry: TarEntry;
}

/** Hides what lower layers have here. */
export interface WhiteoutNode {
  readonly kind: 'whiteout';
  readonly layer: number;
}

/** A hard link whose target does not exist yet. */
export interface LinkNode {
  readonly kind: 'link';
  readonly layer: number;
  readonly entry: TarEntry;
  /** The layer had deleted the target before. */
  readonly deleted: boolean;
}

export class DirectoryNode {
  readonly kind = 'directory';
  readonly parent: DirectoryNode | undefined;
  /** In the image; '' for the root. */
  readonly name: string;
  /** On disk, where the name may have to differ. */
  readonly hostName: string;
  /** The last layer that mentions it. */
  layer: number;
  /** The archive's entry; `undefined` if the directory is only implied by what is in it. */
  entry: TarEntry | undefined;
  /** What the disk does not show, once it is finished. */
  facts: SidecarFacts | undefined;
  /** Hides what lower layers have in it. */
  opaque = false;
  /** The last layer for which everything older was removed from it. */
  clearedIn = 0;
  #children: Map<string, TreeNode> | undefined;
  #hostNames: Map<string, string> | undefined;

  constructor(parent: DirectoryNode | undefined, name: string, hostName: string, layer: number) {
    this.parent = parent;
    this.name = name;
    this.hostName = hostName;
    this.layer = layer;
  }

  get(name: string): TreeNode | undefined {
    return this.#children?.get(name);
  }

  set(name: string, node: TreeNode, hostName = name): void {
    this.#children ??= new Map();
    this.#children.set(name, node);
    if (hostName !== name) (this.#hostNames ??= new Map()).set(name, hostName);
    else this.#hostNames?.delete(name);
  }

  delete(name: string): void {
    this.#children?.delete(name);
    this.#hostNames?.delete(name);
  }

  entries(): Iterable<[string, TreeNode]> {
    return this.#children ?? [];
  }

  /** Returns a child's name on disk. */
  hostNameOf(name: string): string {
    return this.#hostNames?.get(name) ?? name;
  }

  /** Relative to the image's root; '' for the root. */
  get path(): string {
    let path = this.name;
    for (let node = this.parent; node?.parent; node = node.parent) path = `${node.name}/${path}`;
    return path;
  }

  /** Relative to the root on disk; '' for the root. */
  get hostPath(): string {
    let path = this.hostName;
    for (let node = this.parent; node?.parent; node = node.parent) path = `${node.hostName}/${path}`;
    return path;
  }
}

/** Returns a directory and all directories below it, parents first. */
export function directoriesOf(top: DirectoryNode): DirectoryNode[] {
  const found = [top];
  for (const directory of found)
    for (const [, node] of directory.entries()) if (node.kind === 'directory') found.push(node);
  return found;
}

/** Returns the path of `name` in the directory at `path`. */
export function childPath(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/** Makes the directories that a path needs. */
export interface DirectoryMaker {
  /**
   * Only symbolic links of this layer are followed. One of a lower layer gives way to a directory,
   * as in an overlay mount, whose layers are unpacked without knowing those below.
   */
  readonly layer: number;
  make(parent: DirectoryNode, name: string): DirectoryNode;
}

/**
 * Follows names from the root to a directory, see {@link followLinks}. Returns `undefined` for a
 * loop and, without a `maker`, where there is no such directory.
 */
export function resolveDirectory(
  root: DirectoryNode,
  names: readonly string[],
  maker?: DirectoryMaker,
): DirectoryNode | undefined {
  const child = (directory: DirectoryNode, name: string): TreeNode | undefined => {
    const node = directory.get(name);
    if (!maker || node?.kind === 'directory' || (node?.kind === 'symlink' && node.layer === maker.layer)) return node;
    return maker.make(directory, name);
  };
  const found = followLinks<TreeNode, DirectoryNode>(root, names, { child, isDirectory, target });
  return found?.kind === 'directory' ? found : undefined;
}

function isDirectory(node: TreeNode): node is DirectoryNode {
  return node.kind === 'directory';
}

function target(node: TreeNode): string | undefined {
  return node.kind === 'symlink' ? node.target : undefined;
}
