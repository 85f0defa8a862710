import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestHex, parseDigest } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/mediaTypes.ts';
import { isJson, type Json, parseJson } from './json.ts';
import { type Content, sha256 } from './registry/store.ts';
import { skopeo } from './run.ts';
import { tempFolder } from './servers/process.ts';

/** Writes a test image as an OCI layout (image-spec, image-layout.md) for real tools to read. */
export function writeLayout(folder: string, content: Content, tag: string): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  const put = (bytes: Buffer): void => writeFileSync(join(folder, 'blobs/sha256', digestHex(sha256(bytes))), bytes);
  const putAll = ({ bytes, blobs, children }: Content): void => {
    put(bytes);
    blobs.forEach(put);
    children?.forEach(putAll);
  };
  putAll(content);
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  const { mediaType, digest, bytes } = content;
  const manifests = [{ mediaType, digest, size: bytes.length, annotations }];
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}

/** Reads the only image of an OCI layout into memory. */
export function readLayout(folder: string): Content {
  const read = (digest: unknown): Buffer => readFileSync(join(folder, 'blobs/sha256', digestHex(parseDigest(digest))));
  const [entry] = objects(parseJson(readFileSync(join(folder, 'index.json'))).manifests);
  const bytes = read(entry?.digest);
  const { mediaType = OCI_MANIFEST, config, layers } = parseJson(bytes);
  const blobs = [...objects([config]), ...objects(layers)].map(({ digest }) => read(digest));
  return { mediaType: String(mediaType), digest: sha256(bytes), bytes, blobs };
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

/**
 * Recompresses an image's layers with skopeo, for example to `zstd:chunked`, whose table of
 * contents our own tests don't write.
 */
export async function recompress(content: Content, compression: 'gzip' | 'zstd' | 'zstd:chunked'): Promise<Content> {
  const scratch = tempFolder('recompress');
  try {
    const [from, to] = [join(scratch.path, 'from'), join(scratch.path, 'to')];
    writeLayout(from, content, 'it');
    const format = ['--format', 'oci', '--dest-compress-format', compression];
    await skopeo(['copy', '-q', ...format, `oci:${from}:it`, `oci:${to}:it`], scratch.path);
    return readLayout(to);
  } finally {
    scratch.remove();
  }
}
