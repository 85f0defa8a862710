import { InvalidLayerError, TruncatedLayerError } from '../errors.ts';
import type { InflateEngine } from './inflate/engine.ts';
import { GzipInflater, type GzipOptions } from './inflate/inflate.ts';
import { InflateError } from './inflate/inflateError.ts';
import type { Inflater, InflaterFactory } from './inflater.ts';

/**
 * Puts the WebAssembly inflate behind the layers' seam. The engine is one for a thread.
 * Without `checksum` the CRC-32 of the members is not computed: right where a digest of all the output is checked, which says more.
 * `report` tells of places from which it can start again, `from` starts at one.
 */
export function wasmGzip(engine: InflateEngine, options: GzipOptions = {}): InflaterFactory {
  return (out): Inflater => {
    const inflater = new GzipInflater(engine, out, options);
    return {
      write: chunk => translated(() => inflater.write(chunk)),
      end: () => translated(() => inflater.end()),
      close: () => inflater.close(),
    };
  };
}

/** Says what went wrong as the layers' other decoders say it. */
function translated<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    if (error.truncated) throw new TruncatedLayerError('its compressed data', { cause: error });
    throw new InvalidLayerError('its compressed data is damaged', { cause: error });
  }
}
