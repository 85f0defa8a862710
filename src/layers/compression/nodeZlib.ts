import { constants, createInflateRaw, createZstdDecompress } from 'node:zlib';

/**
 * The part of Node's zlib objects that does the work. It is not documented, but `minizlib` (and with it npm itself) has stood on its neighbourhood for years.
 * The documented ways are no use here: streams are asynchronous and cost a thread-pool round trip per chunk, and the `…Sync` functions want all the input
 * at once and put all the output into one buffer, which is what a decompression bomb waits for.
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

/** What is inside a `zlib` stream object of Node 22.15 and later. */
interface NativeStream {
  readonly _handle: NativeHandle;
  /** Room left in the output, input not used. Written by `writeSync`. */
  readonly _writeState: Uint32Array;
  reset(): void;
  close(): void;
}

/** Bytes of output made by one step at most: large enough that calls do not count, small enough to stay in the processor's cache. */
const OUTPUT_SIZE = 256 * 1024;

/** Node's decoder met bytes that it cannot decode. */
export class NativeDecodeError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.name = 'NativeDecodeError';
    this.code = code;
  }
}

/**
 * One of Node's decompressors, driven by hand: a step takes what input it can use and fills one buffer, which is used again.
 * So the memory stays flat whatever the input unpacks to.
 */
export class NativeDecoder {
  readonly #stream: NativeStream;
  readonly #output: Buffer;
  #error: NativeDecodeError | undefined;
  #closed = false;

  constructor(kind: 'deflate' | 'zstd') {
    const stream: object = kind === 'deflate' ? createInflateRaw() : createZstdDecompress();
    if (!isNative(stream)) throw new Error(`This Node.js (${process.version}) has another zlib than Peel can drive`);
    this.#stream = stream;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target: the native code calls this very property
    stream._handle.onerror = (message, _errno, code) => {
      this.#error = new NativeDecodeError(message, code);
    };
    this.#output = Buffer.allocUnsafeSlow(OUTPUT_SIZE);
  }

  /**
   * Decodes from `input` at `from`. Returns how much input was used, and the output, which is good until the next step. When neither is more than nothing
   * though there was input, a deflate stream has ended.
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

  /** Makes ready for another deflate stream. */
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
