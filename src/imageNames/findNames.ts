import { bakeNames } from './bakeNames.ts';
import { devcontainerNames } from './devcontainerNames.ts';
import { dockerfileNames } from './dockerfileNames.ts';
import type { FileKind } from './fileKind.ts';
import type { ImageName } from './imageName.ts';
import { yamlNames } from './yamlNames.ts';

/** UTF-16 units; larger files are generated, and reading them would block the editor. */
const LARGEST_FILE = 512 * 1024;

/** Finds the image names of a file, in any state of being typed. */
export function findNames(kind: FileKind, text: string): readonly ImageName[] {
  if (text.length > LARGEST_FILE) return [];
  switch (kind) {
    case 'dockerfile':
      return dockerfileNames(text);
    case 'bake':
      return bakeNames(text);
    case 'devcontainer':
      return devcontainerNames(text);
    default:
      return yamlNames(kind, text);
  }
}
