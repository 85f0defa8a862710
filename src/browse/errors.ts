import type { Digest } from '../oci/digest.ts';

/** There is nothing at a path of an image. */
export class NoSuchPathError extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`The image has no ${path === '' ? 'such path' : JSON.stringify(path)}. List its files to see what it has.`);
    this.name = 'NoSuchPathError';
    this.path = path;
  }
}

/** A path of an image is a folder, and a file was wanted, or the other way round. */
export class WrongKindError extends Error {
  readonly path: string;
  readonly kind: string;
  constructor(path: string, kind: string, wanted: 'file' | 'directory') {
    super(`${JSON.stringify(path)} of the image is a ${kind}, not a ${wanted}.`);
    this.name = 'WrongKindError';
    this.path = path;
    this.kind = kind;
  }
}

/** A file is too large for what it was wanted for. */
export class FileTooLargeError extends Error {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly limit: number;
  constructor(path: string, size: number, limit: number) {
    super(
      `${JSON.stringify(path)} has ${Math.ceil(size / 1e6)} MB, more than the ${Math.floor(limit / 1e6)} MB that an editor is given. Save it as a file with "Peel: Save File…" instead.`,
    );
    this.name = 'FileTooLargeError';
    this.path = path;
    this.size = size;
    this.limit = limit;
  }
}

/** A file's bytes are not those that the layer had when its listing was made, or that its table of contents tells. */
export class FileDamagedError extends Error {
  readonly path: string;
  constructor(path: string, options?: ErrorOptions) {
    super(
      `The content of ${JSON.stringify(path)} is not what the layer's listing tells. Clean the cache with "Peel: Clean Cache…" and try again; if it stays so, the image is damaged.`,
      options,
    );
    this.name = 'FileDamagedError';
    this.path = path;
  }
}

/** A layer that is looked at by itself has a hard link to a file of a layer below. */
export class LinkOutOfLayerError extends Error {
  readonly path: string;
  constructor(path: string) {
    super(
      `${JSON.stringify(path)} is a hard link to a file of another layer. Open it in the image's merged files instead, where all layers are known.`,
    );
    this.name = 'LinkOutOfLayerError';
    this.path = path;
  }
}

/** The list that is kept of a layer's files was damaged after it was opened, by the disk or by another program. */
export class ListingDamagedError extends Error {
  readonly digest: Digest;
  constructor(digest: Digest) {
    super(
      `The list of the files of layer ${digest} is damaged in the cache. Clean the cache with "Peel: Clean Cache…" and open the image again: it is then made anew.`,
    );
    this.name = 'ListingDamagedError';
    this.digest = digest;
  }
}
