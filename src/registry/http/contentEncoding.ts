import { type HttpHeaders, headerOf } from './headers.ts';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress, type InputType } from 'node:zlib';
import { errorCode } from '../../oci/errorCode.ts';

type Decode = (bytes: InputType, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const gzip: Decode = promisify(gunzip);
const zlib: Decode = promisify(inflate);
const deflate: Decode = promisify(inflateRaw);

/**
 * By content coding (RFC 9110, 8.4.1; RFC 8878). Some servers send `deflate` without zlib's frame.
 */
const DECODERS: Readonly<Record<string, Decode>> = {
  gzip,
  'x-gzip': gzip,
  deflate: (bytes, options) => zlib(bytes, options).catch(() => deflate(bytes, options)),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/**
 * Undoes the `Content-Encoding` of a document, which servers and proxies apply although we ask for
 * none. A body that isn't encoded as its header says is returned as it is. Never for blobs, whose
 * digests cover the bytes as sent.
 * @returns undefined if the document is longer than `limit` bytes
 */
export async function decodeContent(
  body: Uint8Array,
  headers: HttpHeaders,
  limit: number,
): Promise<Uint8Array | undefined> {
  const codings = (headerOf(headers, 'content-encoding') ?? '').toLowerCase().split(/[\s,]+/);
  let bytes = body;
  for (const coding of codings.reverse()) {
    const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
    if (!decode || bytes.length === 0) continue;
    try {
      bytes = await decode(bytes, { maxOutputLength: limit });
    } catch (error) {
      return errorCode(error) === 'ERR_BUFFER_TOO_LARGE' ? undefined : body;
    }
  }
  return bytes;
}
