import { ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { DeclaredPackage } from '../../trust/sbomPackages.ts';
import { count, dotted, plainText } from '../common/text.ts';
import { InfoNode } from '../tree/infoNode.ts';
import { LoadMoreNode } from '../tree/loadMoreNode.ts';
import type { PagedNode, TreeNode } from '../tree/treeNode.ts';

/** Rows that are shown before "Load more". */
const CHUNK = 200;

/** The packages that an SBOM declares: name, version and licence. */
export class SbomNode implements PagedNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument = {};
  readonly #packages: readonly DeclaredPackage[];
  #shown = CHUNK;

  /** @param number the document's position in its artifact, from 1 */
  constructor(parent: TreeNode, number: number, packages: readonly DeclaredPackage[]) {
    this.id = `${parent.id}/packages:${number}`;
    this.parent = parent;
    this.#packages = packages.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  toTreeItem(): TreeItem {
    const { length } = this.#packages;
    const item = new TreeItem('Packages', TreeItemCollapsibleState.Collapsed);
    item.id = this.id;
    item.contextValue = 'peel.packages';
    item.iconPath = new ThemeIcon('package');
    item.description = dotted(count(length, 'package'), 'declared by the builder');
    item.tooltip = 'What the SBOM says is in the image. Peel did not compare it with the files.';
    item.accessibilityInformation = { label: `Packages, ${count(length, 'package')}, declared by the builder` };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    if (this.#packages.length === 0) return [new InfoNode(this, 'The SBOM lists no packages')];
    const rows = this.#packages.slice(0, this.#shown).map((item, at) => packageRow(this, item, at));
    return this.#shown < this.#packages.length ? [...rows, new LoadMoreNode(this)] : rows;
  }

  async loadMore(): Promise<void> {
    this.#shown += CHUNK;
  }
}

/** @param at makes the id unique, since packages may be listed twice */
function packageRow(parent: TreeNode, { name, version, license, purl }: DeclaredPackage, at: number): TreeNode {
  return new PackageNode(parent, `${parent.id}/${at}`, plainText(name, 200), {
    description: dotted(plainText(version, 100), license && plainText(license, 100)),
    tooltip: plainText(purl ?? name, 500),
  });
}

/** How a package's row looks, besides its name. */
interface PackageLook {
  readonly description: string;
  readonly tooltip: string;
}

/** A package of an SBOM. */
class PackageNode implements TreeNode {
  readonly id: string;
  readonly parent: TreeNode;
  readonly argument = {};
  readonly #label: string;
  readonly #look: PackageLook;

  constructor(parent: TreeNode, id: string, label: string, look: PackageLook) {
    this.id = id;
    this.parent = parent;
    this.#label = label;
    this.#look = look;
  }

  toTreeItem(): TreeItem {
    const item = new TreeItem(this.#label);
    item.id = this.id;
    item.contextValue = 'peel.info';
    item.iconPath = new ThemeIcon('circle-small');
    item.description = this.#look.description;
    item.tooltip = this.#look.tooltip;
    return item;
  }
}
