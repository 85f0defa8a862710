import { followLinks } from '../../oci/followLinks.ts';
import type { SidecarFacts } from './sidecar.ts';
import type { TarEntry } from '../tar/tarEntry.ts';

/**
 * What was made in a folder, kept in memory. As the folder was empty and nobody else writes there, this is the whole truth: paths are resolved in it, never by
 * the kernel, so that no symlink can lead out; and no entry costs a look at the disk.
 */
export type TreeNode = DirectoryNode | FileNode | SymlinkNode | SpecialNode | WhiteoutNode | LinkNode;

/** A regular file. Files with the same facts share one node, for there are many. */
export interface FileNode {
  readonly kind: 'file';
  readonly layer: number;
  /** What the disk does not say of it. */
  readonly facts: SidecarFacts | undefined;
}

export interface SymlinkNode {
  readonly kind: 'symlink';
  readonly layer: number;
  readonly target: string;
  readonly facts: SidecarFacts | undefined;
}

/** A FIFO or device: nothing is on disk until all is there, and a device not even then. */
export interface SpecialNode {
  readonly kind: 'fifo' | 'char' | 'block';
  readonly layer: number;
  readonly entry: TarEntry;
}

/** Hides what the layers below have here. */
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
  /** In the image. '' for the root. */
  readonly name: string;
  /** On disk, where it may have to be another one. */
  readonly hostName: string;
  /** The last layer that named it. */
  layer: number;
  /** What the archive says of it; `undefined` when it was only made for what is in it. */
  entry: TarEntry | undefined;
  /** What the disk does not say of it, once it is finished. */
  facts: SidecarFacts | undefined;
  /** Hides what the directories of layers below have in it. */
  opaque = false;
  /** The last layer in which everything older was taken out of it. */
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

  /** How a child is called on disk. */
  hostNameOf(name: string): string {
    return this.#hostNames?.get(name) ?? name;
  }

  /** From the root of the image, without a slash before it; '' for the root. */
  get path(): string {
    let path = this.name;
    for (let node = this.parent; node?.parent; node = node.parent) path = `${node.name}/${path}`;
    return path;
  }

  /** From the root on disk; '' for the root. */
  get hostPath(): string {
    let path = this.hostName;
    for (let node = this.parent; node?.parent; node = node.parent) path = `${node.hostName}/${path}`;
    return path;
  }
}

/** `name` in the directory at `path`. */
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
