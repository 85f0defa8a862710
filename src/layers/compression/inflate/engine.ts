import { crc32 } from 'node:zlib';
import { INFLATE_WASM } from './inflate.wasm.ts';

/** The exports of assembly/index.ts. Addresses are offsets into its memory. */
interface InflateCode {
  input(): number;
  inputSize(): number;
  output(): number;
  slotSize(): number;
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
  /** Shareable between threads. */
  readonly memory: SharedArrayBuffer;
}

/** The used part of WebAssembly's JavaScript API, which Node's types lack. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Memory: new (pages: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer };
  Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: InflateCode };
}
/** Missing if the process was started with `--jitless`. */
declare const WebAssembly: WebAssemblyApi | undefined;

/** Bytes of a page of WebAssembly memory, and the pages that the code and one output slot take. */
const PAGE = 65536;
const LEAST_PAGES = 8;

/**
 * The compiled inflate of one thread. Lends instances, each with half a megabyte of memory, and
 * takes them back. Create one per thread and keep it: V8 recompiles a module with better code after
 * some use, and drops that code with the engine.
 */
export class InflateEngine {
  readonly #api: WebAssemblyApi;
  readonly #module: object;
  readonly #idle: InflateInstance[] = [];
  /** Instances that were lent or wait for that. */
  #made = 0;

  private constructor(api: WebAssemblyApi, code: Uint8Array) {
    this.#api = api;
    this.#module = new api.Module(code);
  }

  /**
   * Returns the engine, or `undefined` without WebAssembly vectors, shared memory, free memory, or
   * a native CRC. Node's zlib is the fallback.
   */
  static load(): InflateEngine | undefined {
    if (typeof WebAssembly === 'undefined' || typeof crc32 !== 'function') return undefined;
    const code = Buffer.from(INFLATE_WASM, 'base64');
    if (!WebAssembly.validate(code)) return undefined;
    const engine = new InflateEngine(WebAssembly, code);
    return engine.reserve(1) ? engine : undefined;
  }

  /** Returns an instance for exclusive use. It must be `reset`. */
  take(): InflateInstance {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const made = this.#make(LEAST_PAGES);
    this.#made += 1;
    return made;
  }

  /** Makes sure that so many can be lent at once. Returns false if memory doesn't suffice. */
  reserve(instances: number): boolean {
    while (this.#made < instances) {
      const made = this.#tryMake(LEAST_PAGES);
      if (made === undefined) return false;
      this.#made += 1;
      this.give(made);
    }
    return true;
  }

  /** Takes back an instance. */
  give(instance: InflateInstance): void {
    this.#idle.push(instance);
  }

  /** Returns an instance with so many output slots, not to be given back, if memory suffices. */
  withSlots(slots: number): InflateInstance | undefined {
    const small = this.take();
    const size = small.code.output() + slots * small.code.slotSize();
    this.give(small);
    return this.#tryMake(Math.ceil(size / PAGE));
  }

  /** V8 reserves 10 GB of addresses for each, which `ulimit -v` may not allow: `undefined`. */
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
