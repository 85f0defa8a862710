import { imageNameOf, type ImageName } from './imageName.ts';

/** Finds `docker-image://…` in string literals, which HCL and JSON write alike. */
export function bakeNames(text: string): ImageName[] {
  return [...text.matchAll(/(["'])docker-image:\/\/([^"'\s\\]{0,4096})\1/g)].map(match => {
    const written = match[2] ?? '';
    const start = match.index + match[0].length - 1 - written.length;
    // Values of HCL's variables come from elsewhere.
    const value = written.includes('$') ? undefined : written;
    return imageNameOf({ spans: [{ start, end: start + written.length }], written, value, exact: true });
  });
}
