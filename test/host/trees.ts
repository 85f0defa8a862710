import type { ImageRowNeeds } from '../../src/vscode/filesView/rowNeeds.ts';
import { ImageLookup } from '../../src/vscode/registries/lookup.ts';
import { Registries } from '../../src/vscode/registries/registries.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import { BlobStore } from '../../src/blobs/store.ts';
import { DEFAULT_TRANSPORT } from '../../src/registry/http/transportOptions.ts';
import { Configuration } from '../../src/vscode/settings/configuration.ts';
import type { ImageOnDisk } from '../../src/vscode/images/pulledImages.ts';
import { ImageFiles } from '../../src/vscode/files/imageFiles.ts';
import { LayerStates } from '../../src/vscode/images/layerStates.ts';
import { connect } from '../../src/vscode/settings/network.ts';
import { Pulls } from '../../src/vscode/images/pulls.ts';
import { LocalRegistries } from '../../src/vscode/registries/localRegistries.ts';
import { RepositoryMemory } from '../../src/vscode/registries/repositoryMemory.ts';
import { SignerMemory } from '../../src/vscode/registries/signerMemory.ts';
import { StoredSecrets } from '../../src/vscode/settings/secrets.ts';
import { ImagesRoot } from '../../src/vscode/imagesView/imagesRoot.ts';
import { NodeTree } from '../../src/vscode/tree/nodeTree.ts';
import { RegistriesRoot } from '../../src/vscode/registriesView/registriesRoot.ts';
import { TreeChanges } from '../../src/vscode/tree/treeChanges.ts';
import { ReadingNode } from '../../src/vscode/filesView/readingNode.ts';
import type { TreeNode } from '../../src/vscode/tree/treeNode.ts';

/** The two trees on separate objects, independent of the extension in the same host. */
export interface Trees {
  readonly needs: ImageRowNeeds;
  readonly registries: NodeTree;
  readonly images: NodeTree;
  readonly registriesRoot: RegistriesRoot;
  /** What the images tree finds on disk. */
  setImages(images: readonly ImageOnDisk[]): void;
  /** How often a row, or all rows, were reported as changed. */
  readonly changes: (TreeNode | undefined)[];
  dispose(): Promise<void>;
}

export function makeTrees(): Trees {
  const scratch = mkdtempSync(join(tmpdir(), 'peel-trees-'));
  const log = vscode.window.createOutputChannel('Peel trees', { log: true });
  const configuration = new Configuration();
  const secrets = new StoredSecrets(new MemorySecrets());
  const memory = new RepositoryMemory(new MemoryMemento());
  const local = new LocalRegistries(new MemoryMemento(), new MemoryMemento(), join(scratch, 'archives'));
  const registries = new Registries(configuration, secrets, memory, local, async () =>
    connect({ ...DEFAULT_TRANSPORT, idleTimeout: 10_000 }, [secrets], log),
  );
  const store = new BlobStore(scratch);
  const lookup = new ImageLookup(
    registries,
    async () => store,
    () => undefined,
  );
  let onDisk: readonly ImageOnDisk[] = [];
  const images = { list: async () => onDisk };
  const layerStates = new LayerStates(images, async () => store);
  const needs: ImageRowNeeds = {
    log,
    registries,
    lookup,
    layerStates,
    signers: new SignerMemory(new MemoryMemento()),
    files: new ImageFiles(registries, new Pulls(scratch, registries, () => configuration.settings(), log), () =>
      configuration.settings(),
    ),
  };
  const changes: (TreeNode | undefined)[] = [];
  const registryChanges = new TreeChanges();
  const imageChanges = new TreeChanges();
  registryChanges.event(node => changes.push(node));
  const registriesRoot = new RegistriesRoot({ needs, changed: node => registryChanges.fire(node) });
  const imagesRoot = new ImagesRoot(() => images.list());
  return {
    needs,
    registriesRoot,
    registries: new NodeTree(registriesRoot, registryChanges),
    images: new NodeTree(imagesRoot, imageChanges),
    setImages: found => (onDisk = found),
    changes,
    dispose: async () => {
      registries.dispose();
      configuration.dispose();
      log.dispose();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/**
 * Returns the rows below a row, or of the first level, as `label | description`, once no layer is
 * being read.
 */
export async function texts(tree: NodeTree, node?: TreeNode): Promise<string[]> {
  const rows = await wholeRows(tree, node);
  return Promise.all(rows.map(row => textOf(tree, row)));
}

/** Files are listed as they are found, so this waits for all of them. */
async function wholeRows(tree: NodeTree, node?: TreeNode): Promise<TreeNode[]> {
  for (;;) {
    const rows = await tree.getChildren(node);
    if (!rows.some(row => row instanceof ReadingNode)) return rows;
    await setTimeout(25);
  }
}

export async function textOf(tree: NodeTree, node: TreeNode): Promise<string> {
  const { label, description } = await tree.getTreeItem(node);
  const name = typeof label === 'string' ? label : (label?.label ?? '');
  return description ? `${name} | ${String(description)}` : name;
}

/** Goes down from the first level by the beginnings of labels. @throws if there is no such row */
export async function find(tree: NodeTree, ...labels: readonly (string | RegExp)[]): Promise<TreeNode> {
  let node: TreeNode | undefined;
  for (const label of labels) {
    const rows = await wholeRows(tree, node);
    const said = await Promise.all(rows.map(row => textOf(tree, row)));
    const at = said.findIndex(text =>
      typeof label === 'string' ? text === label || text.startsWith(`${label} |`) : label.test(text),
    );
    if (at === -1) throw new Error(`no row "${String(label)}" among ${said.join(', ')}`);
    node = rows[at];
  }
  if (!node) throw new Error('no labels were given');
  return node;
}

/** Stores secrets until the test ends. */
class MemorySecrets implements vscode.SecretStorage {
  readonly #values = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.SecretStorageChangeEvent>();
  readonly onDidChange = this.#changed.event;

  async keys(): Promise<string[]> {
    return [...this.#values.keys()];
  }

  async get(key: string): Promise<string | undefined> {
    return this.#values.get(key);
  }

  async store(key: string, value: string): Promise<void> {
    this.#values.set(key, value);
    this.#changed.fire({ key });
  }

  async delete(key: string): Promise<void> {
    this.#values.delete(key);
    this.#changed.fire({ key });
  }
}

class MemoryMemento implements vscode.Memento {
  readonly #values = new Map<string, unknown>();

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get<T>(key: string, standard?: T): T {
    return (this.#values.get(key) ?? standard) as T;
  }

  async update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, value);
  }
}
