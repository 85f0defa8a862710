import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeFileHeader } from '../layers/tar/tarEncoder.ts';
import { BLOCK, paddingOf } from '../layers/tar/tarHeader.ts';
import type { Sink } from '../oci/byteSource.ts';

/** A file of a bundle being written. The next one is opened after its end. */
export interface BundleFile extends Sink {
  end(): void;
}

/**
 * A set of named files: a folder or a tar archive. Synchronous, since it is written in a thread.
 */
export interface Bundle {
  /** @param name a relative path of safe names */
  open(name: string): BundleFile;
  /** Completes the bundle after its last file. */
  end(): void;
  /** Releases resources if the bundle is abandoned. */
  close(): void;
}

/** Writes a small file into a bundle. */
export function putFile(bundle: Bundle, name: string, bytes: Uint8Array): void {
  const file = bundle.open(name);
  file.write(bytes);
  file.end();
}

/** A bundle in a new folder. */
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

/** A bundle in a tar archive. A file's header is written at its end, when its size is known. */
export class TarBundle implements Bundle {
  readonly #file: number;
  #position = 0;

  /** @param path of the new archive */
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

  /** Extends the file with zeros: the last padding and the two empty blocks. */
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
