import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import { imageNameOf, type ImageName } from './imageName.ts';

/** Finds the image, the features and the cached images of a `devcontainer.json`. */
export function devcontainerNames(text: string): ImageName[] {
  const root = tryParse(text);
  if (!root) return [];
  const cache = findNodeAtLocation(root, ['build', 'cacheFrom']);
  const features = findNodeAtLocation(root, ['features'])?.children ?? [];
  return [
    ...nameOf(text, findNodeAtLocation(root, ['image']), 'image'),
    ...(cache?.type === 'array' ? (cache.children ?? []) : [cache]).flatMap(node => nameOf(text, node, 'image')),
    ...features.flatMap(({ children }) => nameOf(text, children?.[0], 'feature')),
  ];
}

function nameOf(text: string, node: Node | undefined, kind: 'image' | 'feature'): ImageName[] {
  if (node?.type !== 'string' || typeof node.value !== 'string') return [];
  const written: string = node.value;
  // A feature may also be a folder or an archive.
  if (kind === 'feature' && (!/^[^./][^/]*\//.test(written) || written.includes('://'))) return [];
  const start = node.offset + 1;
  const end = node.offset + node.length - 1;
  const exact = text.slice(start, end) === written;
  // `${localEnv:…}` is the environment's.
  const value = written.includes('$') ? undefined : written;
  return [imageNameOf({ spans: [{ start, end: Math.max(start, end) }], written, value, exact, kind })];
}

/** Very deep nesting overflows the parser's stack. */
function tryParse(text: string): Node | undefined {
  try {
    return parseTree(text, [], { allowTrailingComma: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
