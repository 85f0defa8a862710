import * as vscode from 'vscode';
import type { Reference } from '../../oci/reference.ts';
import { VIEWS } from '../common/ids.ts';
import type { TreeLocation, Views } from '../common/reveal.ts';
import { count } from '../common/text.ts';
import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { MountWatch } from '../images/mountWatch.ts';
import type { ImageOnDisk, PulledImages } from '../images/pulledImages.ts';
import { ImagesRoot } from '../imagesView/imagesRoot.ts';
import { RegistriesRoot } from '../registriesView/registriesRoot.ts';
import { NodeTree } from '../tree/nodeTree.ts';
import { revealRow } from '../tree/revealRow.ts';
import { TreeChanges } from '../tree/treeChanges.ts';
import type { TreeNode } from '../tree/treeNode.ts';
import { DrawnRows } from './drawnRows.ts';
import { findFile } from './findRow.ts';
import { rowDragAndDrop } from './rowDragAndDrop.ts';
import { registerRowCommands, registerTreeCommands } from './treeCommands.ts';

/** What the two views take. */
interface ViewNeeds extends ImageRowNeeds {
  readonly images: PulledImages;
}

/** The Registries and the Images view. */
export class TreeViews implements Views, vscode.Disposable {
  readonly #needs: ViewNeeds;
  readonly #registries: RegistriesRoot;
  readonly #registryTree: NodeTree;
  readonly #registryChanges: TreeChanges;
  readonly #images: ImagesRoot;
  readonly #imageChanges: TreeChanges;
  readonly #drawnImages = new DrawnRows<readonly ImageOnDisk[]>();
  /**
   * The layers that the Registries view last showed as extracted, serialized for comparison; absent
   * before the first update.
   */
  #extracted: string | undefined;
  #showing: Promise<void> = Promise.resolve();
  readonly #registriesView: vscode.TreeView<TreeNode>;
  readonly #imagesView: vscode.TreeView<TreeNode>;
  readonly #disposables: vscode.Disposable;

  constructor(needs: ViewNeeds) {
    this.#needs = needs;
    const registryChanges = new TreeChanges();
    this.#registryChanges = registryChanges;
    const imageChanges = new TreeChanges();
    this.#imageChanges = imageChanges;
    this.#registries = new RegistriesRoot({ needs, changed: node => registryChanges.fire(node) });
    const mounts = new MountWatch(() => needs.images.refresh());
    const list = (): Promise<readonly ImageOnDisk[]> => needs.images.list();
    this.#images = new ImagesRoot(() => mounts.whileShowing(() => this.#drawnImages.whileDrawing(list)), list);
    this.#registryTree = new NodeTree(this.#registries, registryChanges);
    const imageTree = new NodeTree(this.#images, imageChanges);
    this.#registriesView = vscode.window.createTreeView(VIEWS.registries, options(this.#registryTree));
    this.#imagesView = vscode.window.createTreeView(VIEWS.images, options(imageTree));
    // In a later turn, so that other extensions don't wait for their activation.
    const first = setImmediate(() => {
      this.#showImages();
      this.#publishRegistries();
    });
    this.#disposables = vscode.Disposable.from(
      { dispose: () => clearImmediate(first) },
      this.#registriesView,
      this.#imagesView,
      this.#registryTree,
      imageTree,
      mounts,
      this.#imagesView.onDidChangeVisibility(({ visible }) => mounts.watch(visible)),
      needs.registries.onDidChange(() => {
        registryChanges.fire();
        this.#publishRegistries();
      }),
      needs.registries.onDidChangeAccess(registry => this.#registryTree.refresh(this.#registries.row(registry))),
      needs.signers.onDidChange(() => registryChanges.fire()),
      needs.images.onDidChange(() => this.#showImages()),
      registerRowCommands(view => (view === VIEWS.images ? this.#imagesView : this.#registriesView).selection),
      registerTreeCommands([this.#registryTree, imageTree], needs.log, needs.images),
    );
    mounts.watch(this.#imagesView.visible);
  }

  async revealReference(reference: Reference, platform?: string): Promise<void> {
    const image = this.#registries.show(reference.registry).show(reference.repository).show(reference);
    await this.#reveal(async () => (platform === undefined ? undefined : await image.platform(platform)) ?? image);
  }

  async revealRegistry(registry: string): Promise<void> {
    await this.#reveal(async () => this.#registries.show(registry));
  }

  async revealRepository(registry: string, repository: string): Promise<void> {
    const node = this.#registries.show(registry).show(repository);
    await this.#reveal(async () => node);
  }

  refreshRepository(registry: string, repository: string): void {
    const row = this.#registries.find(registry)?.find(repository);
    if (row) this.#registryTree.refresh(row);
  }

  async revealFolder(folder: string): Promise<void> {
    const node = await this.#images.find(folder);
    if (!node) return;
    await revealRow(this.#imagesView, node, true);
  }

  async revealFile(image: TreeLocation, path: string, layer?: number): Promise<void> {
    if ('folder' in image) {
      const row = await this.#images.find(image.folder);
      const file = row && (await findFile(row, path, layer));
      if (file) await revealRow(this.#imagesView, file, false);
      return;
    }
    const { reference, platform } = image;
    const tag = this.#registries.show(reference.registry).show(reference.repository).show(reference);
    await this.#reveal(async () => {
      const row = (await tag.platform(platform)) ?? tag;
      return (await findFile(row, path, layer)) ?? row;
    }, false);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  /** Reveals a row of the Registries view that may be new, opening all rows above it. */
  async #reveal(find: () => Promise<TreeNode>, expand = true): Promise<void> {
    this.#registryChanges.fire();
    await this.#registryChanges.holdDuring(async () => {
      await revealRow(this.#registriesView, await find(), expand);
    });
  }

  /**
   * Redraws the rows of pulled images and the icon's badge with the number of mounted ones. Does so
   * only after a change, because this runs each time the window gets the focus and redrawing a row
   * closes its open menu. The updates run one after another, so that none compares older data than
   * its predecessor.
   */
  #showImages(): void {
    this.#showing = this.#showing.then(() => this.#look());
  }

  #publishRegistries(): void {
    const { log, registries } = this.#needs;
    const publish = async (): Promise<void> => (await import('./contextKeys.ts')).publishRegistries(registries);
    publish().catch((error: unknown) => log.debug(`Whether there are accounts could not be read: ${String(error)}`));
  }

  async #look(): Promise<void> {
    try {
      const images = await this.#needs.images.list();
      const { publishImages } = await import('./contextKeys.ts');
      await publishImages(images, this.#needs.images);
      const mounted = images.filter(({ mount }) => mount.mounted).length;
      this.#imagesView.badge = mounted > 0 ? { value: mounted, tooltip: count(mounted, 'mounted image') } : undefined;
      if (this.#drawnImages.differFrom(images)) this.#imageChanges.fire();
      // Layers in the Registries view show whether they are extracted.
      const layers = images.flatMap(({ image }) => image.layers.filter(({ folder }) => folder !== undefined));
      const extracted = JSON.stringify(layers.map(({ digest }) => digest));
      if (this.#extracted !== undefined && this.#extracted !== extracted) this.#registryChanges.fire();
      this.#extracted = extracted;
    } catch (error) {
      // The view shows the same failure as a row.
      this.#needs.log.debug(`The pulled images could not be listed: ${String(error)}`);
      this.#imageChanges.fire();
    }
  }
}

function options(tree: NodeTree): vscode.TreeViewOptions<TreeNode> {
  return {
    treeDataProvider: tree,
    showCollapseAll: true,
    canSelectMany: true,
    dragAndDropController: rowDragAndDrop,
  };
}
