import type { Digest } from '../oci/digest.ts';

/** The image has nothing at a path. */
export class NoSuchPathError extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`The image has no ${path === '' ? 'such path' : JSON.stringify(path)}. List its files to see what it has.`);
    this.name = 'NoSuchPathError';
    this.path = path;
  }
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  char: 'character device',
  block: 'block device',
  fifo: 'named pipe (FIFO)',
};

/** A path of an image is not of the kind that was asked for. */
export class WrongKindError extends Error {
  readonly path: string;
  readonly kind: string;
  constructor(path: string, kind: string, wanted: 'file' | 'directory') {
    super(`${JSON.stringify(path)} of the image is a ${KIND_NAMES[kind] ?? kind}, not a ${wanted}.`);
    this.name = 'WrongKindError';
    this.path = path;
    this.kind = kind;
  }
}

/** A file is too large to hold in memory. */
export class FileTooLargeError extends Error {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly limit: number;
  constructor(path: string, size: number, limit: number) {
    super(
      `${JSON.stringify(path)} has ${Math.ceil(size / 1e6)} MB, more than the ${Math.floor(limit / 1e6)} MB that an editor can open. Save it to disk with "Peel: Save File…" instead.`,
    );
    this.name = 'FileTooLargeError';
    this.path = path;
    this.size = size;
    this.limit = limit;
  }
}

/** A file's bytes differ from what the layer's listing or table of contents records. */
export class FileDamagedError extends Error {
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(
      `The content of ${JSON.stringify(path)} does not match the layer's listing. Clear the cache with "Peel: Clear Cache…" and try again. If the error persists, the image is damaged.`,
      options,
    );
    this.name = 'FileDamagedError';
    this.path = path;
  }
}

/** A blob's bytes have changed since the layer was verified. */
export class DamagedBlobError extends Error {
  constructor(path: string) {
    super(`The cached blob ${path} has changed on disk since it was verified. Clear the cache and try again.`);
    this.name = 'DamagedBlobError';
  }
}

/** A layer opened on its own has a hard link to a file of a layer below. */
export class LinkOutOfLayerError extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`${JSON.stringify(path)} is a hard link to a file of another layer. Open it in the image's merged files.`);
    this.name = 'LinkOutOfLayerError';
    this.path = path;
  }
}

/** A layer's cached listing was damaged after it was opened. */
export class ListingDamagedError extends Error {
  readonly digest: Digest;
  constructor(digest: Digest) {
    super(`The cached file list of layer ${digest} is damaged. Open the image again to read the layer afresh.`);
    this.name = 'ListingDamagedError';
    this.digest = digest;
  }
}
