import { constants, createInflateRaw, createZstdDecompress } from 'node:zlib';

/**
 * The undocumented part of Node's zlib objects that does the work; `minizlib`, and with it npm, has
 * depended on its neighbourhood for years. The documented ways do not fit: streams cost a round
 * trip through the thread pool per chunk, and the `…Sync` functions take all the input at once and
 * put all the output into one buffer, which a decompression bomb would fill.
 */
interface NativeHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

/** The inside of a `zlib` stream object since Node 22.15. */
interface NativeStream {
  readonly _handle: NativeHandle;
  /** Space left in the output, and unused input, as `writeSync` leaves them. */
  readonly _writeState: Uint32Array;
  reset(): void;
  close(): void;
}

/** Most output of one step: enough that calls do not count, and fits in the processor's cache. */
const OUTPUT_SIZE = 256 * 1024;
/**
 * Allows the largest zstd window, as a power of two: the most that `zstd --long` writes and podman
 * reads. zstd's own limit is 128 MB. Memory is used only as far as output fills it.
 */
export const ZSTD_PARAMS = {
  [constants.ZSTD_d_windowLogMax]: ['arm', 'ia32'].includes(process.arch) ? 30 : 31,
};

/** Node's decoder refused its input. `code` is zlib's or zstd's. */
export class NativeDecodeError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.name = 'NativeDecodeError';
    this.code = code;
  }
}

/**
 * One of Node's decompressors, driven step by step. Each step fills the same buffer, so memory
 * stays flat whatever the input unpacks to.
 */
export class NativeDecoder {
  readonly #stream: NativeStream;
  readonly #output: Buffer;
  #error: NativeDecodeError | undefined;
  #closed = false;

  constructor(kind: 'deflate' | 'zstd') {
    const stream: object = kind === 'deflate' ? createInflateRaw() : createZstdDecompress({ params: ZSTD_PARAMS });
    if (!isNative(stream)) throw new Error(`Peel can't use the zlib of this Node.js (${process.version})`);
    this.#stream = stream;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- native code calls this property
    stream._handle.onerror = (message, _errno, code) => {
      this.#error = new NativeDecodeError(message, code);
    };
    this.#output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
  }

  /**
   * Decodes from `input` at `from`. Returns the number of bytes used, and the output, which is
   * valid until the next step. If both are empty despite input, a deflate stream has ended.
   * @throws {NativeDecodeError}
   */
  step(input: Uint8Array, from: number): { readonly used: number; readonly output: Buffer; readonly full: boolean } {
    const { _handle, _writeState } = this.#stream;
    const length = input.length - from;
    _handle.writeSync(constants.Z_NO_FLUSH, input, from, length, this.#output, 0, OUTPUT_SIZE);
    if (this.#error) throw this.#error;
    const [room = 0, unused = 0] = _writeState;
    return { used: length - unused, output: this.#output.subarray(0, OUTPUT_SIZE - room), full: room === 0 };
  }

  /** Prepares for another deflate stream. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees the native memory. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }
}

function isNative(stream: object): stream is NativeStream {
  if (!('_handle' in stream && '_writeState' in stream && stream._writeState instanceof Uint32Array)) return false;
  const handle = stream._handle;
  return (
    typeof handle === 'object' && handle !== null && 'writeSync' in handle && typeof handle.writeSync === 'function'
  );
}
