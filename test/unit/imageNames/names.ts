import { formatReference } from '../../../src/oci/reference.ts';
import { findNames } from '../../../src/imageNames/findNames.ts';
import type { FileKind } from '../../../src/imageNames/fileKind.ts';
import type { ImageName } from '../../../src/imageNames/imageName.ts';

/** Returns each name as `text in the file -> reference`, or `-> ?` if it means nothing yet. */
export function found(kind: FileKind, text: string): string[] {
  return findNames(kind, text).map(name => {
    const written = name.spans.map(({ start, end }) => text.slice(start, end)).join(' + ');
    return `${written} -> ${meaning(name)}`;
  });
}

/** Returns the reference with Docker Hub's registry left out. */
export function meaning({ reference }: ImageName): string {
  return reference ? formatReference(reference).replace('docker.io/library/', '') : '?';
}
