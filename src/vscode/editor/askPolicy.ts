import * as vscode from 'vscode';
import type { ImageName } from '../../imageNames/imageName.ts';
import { DOCKER_HUB, type Reference } from '../../oci/reference.ts';
import type { Configuration } from '../settings/configuration.ts';

/** Whether a registry may be asked about a name: by itself, after a click, or not at all. */
export type Access = 'ask' | 'click' | 'never';

/**
 * Decides which registries the names in files may send requests to. A file may come from anyone,
 * so only registries of the user's own settings and Docker Hub are asked without a click. In an
 * untrusted workspace none is.
 */
export class AskPolicy {
  readonly #configuration: Pick<Configuration, 'userRegistries'>;
  readonly #allowed = new Set<string>();

  constructor(configuration: Pick<Configuration, 'userRegistries'>) {
    this.#configuration = configuration;
  }

  /** Allows a registry until the window closes. */
  allow(registry: string): void {
    this.#allowed.add(registry);
  }

  accessTo({ reference, literalHost }: Pick<ImageName, 'reference' | 'literalHost'>): Access {
    return reference === undefined ? 'never' : this.accessToRegistry(reference, literalHost);
  }

  /** @param literalHost whether the registry is written out, rather than a variable's value */
  accessToRegistry({ registry }: Pick<Reference, 'registry'>, literalHost: boolean): Access {
    if (!vscode.workspace.isTrusted) return 'never';
    if (this.#allowed.has(registry)) return 'ask';
    const known = registry === DOCKER_HUB || this.#configuration.userRegistries().includes(registry);
    return known && literalHost ? 'ask' : 'click';
  }
}
