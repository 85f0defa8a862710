import { joinParts, textAt } from './helmNames.ts';
import type { ImageName } from './imageName.ts';
import { at, valuesOf, type YamlValue } from './yamlTree.ts';

/** Finds `images[]` of a kustomization: the new name, or else the old one, with the new tag. */
export function kustomizeNames(document: YamlValue): ImageName[] {
  return valuesOf(at(document, 'images')).flatMap(image => {
    const repository = textAt(image, 'newName') ?? textAt(image, 'name');
    if (!repository) return [];
    return [joinParts({ repository, tag: textAt(image, 'newTag'), digest: textAt(image, 'digest') })];
  });
}
