import type { ImageRowNeeds } from '../filesView/rowNeeds.ts';
import { COMMANDS } from '../common/ids.ts';
import type { RegistrySetting } from '../settings/settings.ts';
import type { TreeRoot } from '../tree/nodeTree.ts';
import { InfoNode } from '../tree/infoNode.ts';
import type { TreeContext, TreeNode } from '../tree/treeNode.ts';
import { RegistryNode } from './registryNode.ts';

/**
 * The Registries view: the registries of the settings, in their order, then others in which
 * something was opened. Rows live as long as their settings stay the same.
 */
export class RegistriesRoot implements TreeRoot {
  readonly prefix = 'registry:';
  readonly #context: TreeContext<ImageRowNeeds>;
  #nodes: readonly RegistryNode[] = [];
  /** Unlisted registries opened since the window opened. */
  readonly #opened = new Set<string>();

  constructor(context: TreeContext<ImageRowNeeds>) {
    this.#context = context;
  }

  async children(): Promise<readonly TreeNode[]> {
    const rows = this.#update();
    // An empty list has a welcome view with the same buttons.
    return rows.length === 0 || this.#context.needs.registries.anythingPinned()
      ? rows
      : [...rows, ...firstSteps(this.prefix)];
  }

  /** The row of a registry; undefined if there is none. */
  find(registry: string): RegistryNode | undefined {
    return this.#update().find(node => node.registry === registry);
  }

  /** The row of a registry, listed or not. */
  show(registry: string): RegistryNode {
    const known = this.find(registry);
    if (known) return known;
    this.#opened.add(registry);
    return this.find(registry) ?? this.#nodeOf(this.#context.needs.registries.settingOf(registry));
  }

  /** The row of a registry, if the view shows it. */
  row(registry: string | undefined): TreeNode | undefined {
    return this.#nodes.find(node => node.registry === registry);
  }

  refresh(): void {
    this.#context.needs.lookup.forget();
    for (const node of this.#nodes) node.refresh();
  }

  #update(): readonly RegistryNode[] {
    const { registries } = this.#context.needs;
    const settings = registries.list();
    const listed = new Set(settings.map(setting => setting.name));
    const others = [...new Set([...registries.pinnedElsewhere(), ...this.#opened])].filter(name => !listed.has(name));
    this.#nodes = [...settings, ...others.map(name => registries.settingOf(name))].map(setting =>
      this.#nodeOf(setting),
    );
    return this.#nodes;
  }

  #nodeOf(setting: RegistrySetting): RegistryNode {
    const known = this.#nodes.find(node => node.registry === setting.name);
    // Another address or trust may give other answers, so nothing loaded may stay.
    if (known && JSON.stringify(known.setting) === JSON.stringify(setting)) return known;
    return new RegistryNode(this.#context, setting);
  }
}

/** Rows for a user who has not opened an image yet. */
function firstSteps(prefix: string): readonly TreeNode[] {
  const step = (label: string, icon: string, command: string, tooltip: string): TreeNode =>
    new InfoNode(undefined, label, { icon, tooltip, prefix, command: { command, title: label } });
  return [
    step('Open Image…', 'go-to-file', COMMANDS.openImage, 'Open an image by its name, such as busybox'),
    step('Get Started', 'mortar-board', COMMANDS.getStarted, 'Open the walkthrough'),
  ];
}
