/**
 * Symbolic links followed on one path before it counts as a loop, as in Linux (path_resolution(7)).
 */
const MAX_LINKS = 40;

/** What {@link followLinks} needs to know of a tree. */
export interface LinkTree<Node, Directory extends Node, Child = Node | undefined> {
  /** Returns what a directory holds under a name other than `.` and `..`, without following it. */
  child(directory: Directory, name: string): Child;
  isDirectory(node: Node): node is Directory;
  /** Returns the target of a symbolic link, `undefined` for anything else. */
  target(node: Node): string | undefined;
}

/** Whether the last name is followed too when it is a symbolic link. */
export type LastName = 'follow' | 'keep';

/**
 * Resolves names from the root of a tree as a process in a chroot would. Absolute targets start at
 * the root, and `..` stops there, so no link leads out. Returns `undefined` where nothing is, where
 * a name or `..` follows something other than a directory, and for loops.
 */
export function followLinks<Node, Directory extends Node>(
  root: Directory,
  names: readonly string[],
  tree: LinkTree<Node, Directory>,
  last: LastName = 'follow',
): Node | undefined {
  const walk = new Walk(root, names, tree, last);
  for (let name = walk.next(); name !== undefined; name = walk.next()) walk.take(tree.child(walk.here, name));
  return walk.result;
}

/** Does the same in a tree that is read asynchronously, such as a folder on disk. */
export async function followLinksAsync<Node, Directory extends Node>(
  root: Directory,
  names: readonly string[],
  tree: LinkTree<Node, Directory, Promise<Node | undefined>>,
  last: LastName = 'follow',
): Promise<Node | undefined> {
  const walk = new Walk(root, names, tree, last);
  for (let name = walk.next(); name !== undefined; name = walk.next()) walk.take(await tree.child(walk.here, name));
  return walk.result;
}

class Walk<Node, Directory extends Node> {
  readonly #tree: LinkTree<Node, Directory, unknown>;
  readonly #last: LastName;
  readonly #root: Directory;
  /** Below the root, down to where the walk is. */
  readonly #trail: Directory[] = [];
  /** Names still to visit, the next one at the end. */
  readonly #ahead: string[];
  /** Something other than a directory, which can only be the end. */
  #leaf: Node | undefined;
  #links = 0;
  #failed = false;

  constructor(root: Directory, names: readonly string[], tree: LinkTree<Node, Directory, unknown>, last: LastName) {
    this.#root = root;
    this.#ahead = names.toReversed();
    this.#tree = tree;
    this.#last = last;
  }

  get here(): Directory {
    return this.#trail.at(-1) ?? this.#root;
  }

  get result(): Node | undefined {
    return this.#failed ? undefined : (this.#leaf ?? this.here);
  }

  /** Returns the next name to look up in `here`; `undefined` at the end. */
  next(): string | undefined {
    while (!this.#failed) {
      const name = this.#ahead.pop();
      if (name === undefined) return undefined;
      if (this.#leaf !== undefined) this.#failed = true;
      else if (name === '..') this.#trail.pop();
      else if (name !== '' && name !== '.') return name;
    }
    return undefined;
  }

  /** Goes on to what was found under the name. */
  take(node: Node | undefined): void {
    if (node === undefined) this.#failed = true;
    else if (this.#tree.isDirectory(node)) this.#trail.push(node);
    else {
      const target = this.#last === 'follow' || this.#ahead.length > 0 ? this.#tree.target(node) : undefined;
      if (target === undefined) this.#leaf = node;
      else this.#follow(target);
    }
  }

  #follow(target: string): void {
    if (++this.#links > MAX_LINKS) {
      this.#failed = true;
      return;
    }
    if (target.startsWith('/')) this.#trail.length = 0;
    const names = target.split('/');
    for (let at = names.length - 1; at >= 0; at--) this.#ahead.push(names[at] ?? '');
  }
}
