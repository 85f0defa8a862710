import { crc32 } from 'node:zlib';
import { INFLATE_WASM } from './inflate.wasm.ts';

/** What assembly/index.ts exports. Addresses are offsets into its memory. */
interface InflateCode {
  input(): number;
  inputSize(): number;
  output(): number;
  placeSize(): number;
  next(): number;
  held(): number;
  out(): number;
  oldest(): number;
  reset(to: number, window: number): void;
  begin(): void;
  prime(bits: number, count: number): void;
  reportAt(address: number): void;
  slide(to: number): void;
  run(next: number, end: number): number;
}

export interface InflateInstance {
  readonly code: InflateCode;
  /** Threads can share it. */
  readonly memory: SharedArrayBuffer;
}

/** The part of WebAssembly's JavaScript API that is used here; Node's types do not name it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Memory: new (pages: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer };
  Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: InflateCode };
}
/** Missing where the process was started with `--jitless`. */
declare const WebAssembly: WebAssemblyApi | undefined;

/** Bytes of a page of WebAssembly's memory, and how many pages the code and one place for output take. */
const PAGE = 65536;
const LEAST_PAGES = 8;

/**
 * The compiled inflate of one thread, to be made once: it lends instances, each with a memory of its own of half a megabyte, and takes them back.
 * V8 compiles a module anew, better, once it was used a while; that work is kept as long as the engine.
 */
export class InflateEngine {
  readonly #api: WebAssemblyApi;
  readonly #module: object;
  readonly #idle: InflateInstance[] = [];

  private constructor(api: WebAssemblyApi, code: Uint8Array) {
    this.#api = api;
    this.#module = new api.Module(code);
  }

  /** The engine, or `undefined` where there is no WebAssembly with vectors and shared memory, no memory for it, or no native CRC: use Node's zlib then. */
  static load(): InflateEngine | undefined {
    if (typeof WebAssembly === 'undefined' || typeof crc32 !== 'function') return undefined;
    const code = Buffer.from(INFLATE_WASM, 'base64');
    if (!WebAssembly.validate(code)) return undefined;
    const engine = new InflateEngine(WebAssembly, code);
    const first = engine.#tryMake(LEAST_PAGES);
    if (first === undefined) return undefined;
    engine.give(first);
    return engine;
  }

  /** An instance that nobody else uses. Its state is whatever it was left in: `reset` it. */
  take(): InflateInstance {
    return this.#idle.pop() ?? this.#make(LEAST_PAGES);
  }

  /** Takes back an instance that is used no more. */
  give(instance: InflateInstance): void {
    this.#idle.push(instance);
  }

  /** An instance in whose memory there are so many places for output, one behind the other; `undefined` where no memory for them is to be had. It is not to be given back. */
  withPlaces(places: number): InflateInstance | undefined {
    const small = this.take();
    const size = small.code.output() + places * small.code.placeSize();
    this.give(small);
    return this.#tryMake(Math.ceil(size / PAGE));
  }

  /** `undefined` where no such memory is to be had: V8 reserves ten gigabytes of addresses for each, and a process may be allowed fewer (`ulimit -v`). */
  #tryMake(pages: number): InflateInstance | undefined {
    try {
      return this.#make(pages);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #make(pages: number): InflateInstance {
    const memory = new this.#api.Memory({ initial: pages, maximum: pages, shared: true });
    const { exports: code } = new this.#api.Instance(this.#module, { env: { memory } });
    return { code, memory: memory.buffer };
  }
}
