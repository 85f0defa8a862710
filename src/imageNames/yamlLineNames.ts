import { imageNameOf, type ImageName } from './imageName.ts';

/**
 * Finds `image:` lines without parsing YAML, for templates, which aren't YAML, and for files that
 * are half-typed. Values with a template in them are skipped.
 */
export function yamlLineNames(text: string): ImageName[] {
  return [...text.matchAll(/^[ \t]*(?:-[ \t]+)?image:[ \t]+(["']?)([^\s"'#{}$]{1,4096})\1[ \t]*(?:#.*)?\r?$/gm)].map(
    match => {
      const [whole, quote = '', written = ''] = match;
      const start = match.index + whole.indexOf(quote + written, whole.indexOf('image:') + 6) + quote.length;
      return imageNameOf({ spans: [{ start, end: start + written.length }], written, value: written, exact: true });
    },
  );
}
