import type { RegistryClient } from '../../registry/client.ts';
import type { Page } from './pages.ts';

/** Tags of a repository as they are shown. */
export interface TagList {
  /** Newest version first. */
  readonly tags: readonly string[];
  /** False when the registry has more than anybody would scroll through. */
  readonly complete: boolean;
}
