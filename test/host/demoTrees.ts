import { after, afterEach, before, beforeEach } from 'mocha';
import * as vscode from 'vscode';
import { fillDemo } from '../support/demoImage.ts';
import { startRegistry, type Registry, type RegistryOptions } from '../support/registry/registry.ts';
import { makeTrees, type Trees } from './trees.ts';

/** The demo registry, and fresh trees that show it, for each test of a suite. */
export class DemoTrees {
  #demo: Registry | undefined;
  #trees: Trees | undefined;
  readonly #started: Registry[] = [];

  /** Adds hooks to the suite in which it is created. */
  constructor() {
    before(async () => {
      this.#demo = await startRegistry();
      fillDemo(this.#demo);
    });
    beforeEach(async () => {
      await this.list(this.demo);
      this.#trees = makeTrees();
    });
    afterEach(async () => {
      await this.trees.dispose();
      await Promise.all(this.#started.splice(0).map(registry => registry.close()));
    });
    after(async () => {
      await this.demo.close();
      await this.list();
    });
  }

  get demo(): Registry {
    if (!this.#demo) throw new Error('The demo registry is started before the first test.');
    return this.#demo;
  }

  get trees(): Trees {
    if (!this.#trees) throw new Error('The trees are created before each test.');
    return this.#trees;
  }

  /** Sets the registries; none = the defaults. */
  async list(...registries: readonly { readonly url: string }[]): Promise<void> {
    const value = registries.length > 0 ? registries.map(({ url }) => ({ url })) : undefined;
    await vscode.workspace.getConfiguration('peel').update('registries', value, vscode.ConfigurationTarget.Global);
  }

  /** Starts a registry until the end of the test, and sets it as the only one. */
  async start(options: RegistryOptions): Promise<Registry> {
    const registry = await startRegistry(options);
    this.#started.push(registry);
    await this.list(registry);
    return registry;
  }
}
