import { InvalidLayerError, TruncatedLayerError } from '../errors.ts';
import type { InflateEngine } from './inflate/engine.ts';
import { GzipInflater, type GzipOptions } from './inflate/inflate.ts';
import { InflateError } from './inflate/inflateError.ts';
import type { Inflater, InflaterFactory } from './inflater.ts';

/** Returns a factory of inflaters that use the thread's own WebAssembly engine. */
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

/** Replaces the inflate's errors by those of the other decoders. */
function translated<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    if (error.truncated) throw new TruncatedLayerError('its compressed data', { cause: error });
    throw new InvalidLayerError('its compressed data is damaged', { cause: error });
  }
}
