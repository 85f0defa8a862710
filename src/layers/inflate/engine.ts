import { crc32 } from 'node:zlib';
import { INFLATE_WASM } from './inflate.wasm.ts';

/** What assembly/index.ts exports. Addresses are offsets into `memory`. */
export interface InflateInstance {
  readonly memory: { readonly buffer: ArrayBuffer };
  input(): number;
  inputSize(): number;
  output(): number;
  outputSize(): number;
  next(): number;
  held(): number;
  out(): number;
  oldest(): number;
  reset(window: number): void;
  begin(): void;
  prime(bits: number, count: number): void;
  reportAt(address: number): void;
  slide(): void;
  run(next: number, end: number): number;
}

/** The part of WebAssembly's JavaScript API that is used here; Node's types do not name it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: InflateInstance };
}
/** Missing where the process was started with `--jitless`. */
declare const WebAssembly: WebAssemblyApi | undefined;

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

  /** The engine, or `undefined` where there is no WebAssembly with vectors, or no native CRC: use Node's zlib then. */
  static load(): InflateEngine | undefined {
    if (typeof WebAssembly === 'undefined' || typeof crc32 !== 'function') return undefined;
    const code = Buffer.from(INFLATE_WASM, 'base64');
    return WebAssembly.validate(code) ? new InflateEngine(WebAssembly, code) : undefined;
  }

  /** An instance that nobody else uses. Its state is whatever it was left in: `reset` it. */
  take(): InflateInstance {
    return this.#idle.pop() ?? new this.#api.Instance(this.#module).exports;
  }

  /** Takes back an instance that is used no more. */
  give(instance: InflateInstance): void {
    this.#idle.push(instance);
  }
}
