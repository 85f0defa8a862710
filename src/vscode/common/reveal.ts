import type { Reference } from '../../oci/reference.ts';

/** Where the views show an image: in Registries, or for a pulled one in Images. */
export type TreeLocation = { readonly reference: Reference; readonly platform: string } | { readonly folder: string };

/** Shows rows of the Registries and Images views. Commands use it without knowing the views. */
export interface Views {
  /** Opens the sidebar at an image in the Registries view. */
  revealReference(reference: Reference, platform?: string): Promise<void>;
  /** Opens the sidebar at a registry in the Registries view. */
  revealRegistry(registry: string): Promise<void>;
  /** Opens the sidebar at a repository in the Registries view. */
  revealRepository(registry: string, repository: string): Promise<void>;
  /** Loads a repository's rows again, if they were loaded, after it was written to. */
  refreshRepository(registry: string, repository: string): void;
  /** Opens the Images view at a pulled image. */
  revealFolder(folder: string): Promise<void>;
  /** Shows a file below one of the image's layers, or below *Files* when `layer` is absent. */
  revealFile(image: TreeLocation, path: string, layer?: number): Promise<void>;
}
