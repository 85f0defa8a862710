import { InvalidLayerError } from '../errors.ts';

const ADVICE = "Only the layers of container images can be read; look at the image's manifest.";
const TEXT = String.raw`[^\0-\x08\x0e-\x1a\x1c-\x1f]*`;
/** A name in a tar header has no line breaks and is followed by a NUL. */
const LINES = new RegExp(String.raw`^${TEXT}[\n\r]${TEXT}$`);

/**
 * Names the kind of a file that is not a tar archive by its first bytes, or returns `undefined`.
 */
export function kindOfFile(bytes: Buffer): string | undefined {
  const first = bytes.toString('latin1');
  if (/^\s*(\{\s*["}]|\[\s*[[{"\]])/.test(first)) return 'JSON';
  if (first.startsWith('\0asm')) return 'WebAssembly';
  if (first.startsWith('PK\x03\x04')) return 'a zip archive';
  return LINES.test(first) ? 'text' : undefined;
}

/** Returns the error for another kind of layer, such as an attestation or a WebAssembly module. */
export function notTar(kind = 'another kind of file'): InvalidLayerError {
  return new InvalidLayerError(`it is not a tar archive but ${kind}`, { advice: ADVICE });
}
