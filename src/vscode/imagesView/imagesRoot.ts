import type { ImageOnDisk } from '../images/pulledImages.ts';
import type { TreeRoot } from '../tree/nodeTree.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { PulledImageNode } from './pulledImageNode.ts';

/**
 * The Images view: the images pulled into this workspace. Rows live as long as their folders, so
 * that what is open in them stays open.
 */
export class ImagesRoot implements TreeRoot {
  readonly prefix = 'image:';
  readonly #draw: () => Promise<readonly ImageOnDisk[]>;
  readonly #look: () => Promise<readonly ImageOnDisk[]>;
  readonly #nodes = new Map<string, PulledImageNode>();

  /**
   * @param draw lists the images on disk when the rows are drawn from them
   * @param look lists them otherwise
   */
  constructor(draw: () => Promise<readonly ImageOnDisk[]>, look = draw) {
    this.#draw = draw;
    this.#look = look;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.#nodesOf(await this.#draw());
  }

  #nodesOf(images: readonly ImageOnDisk[]): readonly TreeNode[] {
    const nodes = images.map(image => this.#nodeOf(image));
    const folders = new Set(images.map(image => image.folder));
    for (const folder of this.#nodes.keys()) if (!folders.has(folder)) this.#nodes.delete(folder);
    return nodes;
  }

  /** The row of an image's folder, if there is one. */
  async find(folder: string): Promise<TreeNode | undefined> {
    this.#nodesOf(await this.#look());
    return this.#nodes.get(folder);
  }

  refresh(): void {
    for (const node of this.#nodes.values()) node.refresh();
  }

  #nodeOf(image: ImageOnDisk): PulledImageNode {
    const known = this.#nodes.get(image.folder);
    if (known) {
      known.image = image;
      return known;
    }
    const node = new PulledImageNode(image);
    this.#nodes.set(image.folder, node);
    return node;
  }
}
