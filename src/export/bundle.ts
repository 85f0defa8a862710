import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeFileHeader } from '../layers/tar/tarEncoder.ts';
import { BLOCK, paddingOf } from '../layers/tar/tarHeader.ts';
import type { Sink } from '../oci/byteSource.ts';

/** One file of a bundle on its way; the next one is opened when it has ended. */
export interface BundleFile extends Sink {
  end(): void;
}

/** A set of files with names: a folder, or a tar archive. Synchronous, for it is written where the bytes arrive, in a thread. */
export interface Bundle {
  /** @param name a relative path, made of parts that were checked */
  open(name: string): BundleFile;
  /** All files have ended. */
  end(): void;
  /** Frees what it holds, when it is left before its end. */
  close(): void;
}

/** Puts a small file into a bundle. */
export function putFile(bundle: Bundle, name: string, bytes: Uint8Array): void {
  const file = bundle.open(name);
  file.write(bytes);
  file.end();
}

/** A bundle that is a folder; it must be new. */
export class FolderBundle implements Bundle {
  readonly #folder: string;
  #open: number | undefined;

  constructor(folder: string) {
    mkdirSync(folder);
    this.#folder = folder;
  }

  open(name: string): BundleFile {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, 'wx', 0o644);
    this.#open = file;
    return {
      write: chunk => writeAll(file, chunk),
      end: () => {
        fsyncSync(file);
        this.close();
      },
    };
  }

  end(): void {}

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }
}

/** A bundle that is a tar archive. A file's header is written when its size is known. */
export class TarBundle implements Bundle {
  readonly #file: number;
  #position = 0;

  /** @param path must not be there */
  constructor(path: string) {
    this.#file = openSync(path, 'wx', 0o644);
  }

  open(name: string): BundleFile {
    const start = this.#position + encodeFileHeader(name, 0).length;
    let size = 0;
    return {
      write: chunk => {
        writeAll(this.#file, chunk, start + size);
        size += chunk.length;
      },
      end: () => {
        writeAll(this.#file, encodeFileHeader(name, size), this.#position);
        this.#position = start + size + paddingOf(size);
      },
    };
  }

  /** The rest of a file that was made longer is zeros: padding, and the two empty blocks. */
  end(): void {
    ftruncateSync(this.#file, this.#position + 2 * BLOCK);
    fsyncSync(this.#file);
    this.close();
  }

  close(): void {
    closeSync(this.#file);
  }
}

function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, bytes.length - at, position === undefined ? null : position + at);
}
