/** A layer's bytes are not what a layer is made of: the compressed stream is damaged, or what is in it is no tar archive. */
export class InvalidLayerError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`The layer cannot be read: ${problem}. The image is damaged or was not made by a proper tool.`, options);
    this.name = 'InvalidLayerError';
  }
}

/** A layer's bytes end too early. */
export class TruncatedLayerError extends Error {
  /** What the bytes end within. */
  readonly within: string;
  constructor(within: string, options?: ErrorOptions) {
    super(
      `The layer is cut short: it ends within ${within}. Pull again; if it stays so, the image is damaged.`,
      options,
    );
    this.name = 'TruncatedLayerError';
    this.within = within;
  }
}

/** A layer is compressed in a way that image tools do not use and that Peel does not read. */
export class UnsupportedCompressionError extends Error {
  readonly compression: string;
  constructor(compression: string) {
    super(
      `The layer is compressed with ${compression}, which Peel does not read: layers are gzip, zstd or plain tar. Convert the image, for example with skopeo copy --dest-compress-format gzip.`,
    );
    this.name = 'UnsupportedCompressionError';
    this.compression = compression;
  }
}

/** The content of a layer is the work of an attacker: nothing honest holds it. The layer is refused as a whole. */
export class HostileEntryError extends Error {
  /** The entry's path as the archive has it. */
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`The layer is hostile: its entry ${quoted(path)} ${problem}. It was not extracted; do not use this image.`);
    this.name = 'HostileEntryError';
    this.path = path;
  }
}

/** A layer is larger than it is allowed to be. */
export class LimitExceededError extends Error {
  readonly limit: 'bytes' | 'entries' | 'metadata';
  readonly allowed: number;
  constructor(limit: 'bytes' | 'entries' | 'metadata', allowed: number) {
    super(LIMIT_MESSAGES[limit](allowed));
    this.name = 'LimitExceededError';
    this.limit = limit;
    this.allowed = allowed;
  }
}

const LIMIT_MESSAGES: Readonly<Record<LimitExceededError['limit'], (allowed: number) => string>> = {
  bytes: allowed =>
    `The layer unpacks to more than ${Math.floor(allowed / 1e6)} MB. If you trust the image, raise "peel.limits.maxLayerMB".`,
  entries: allowed =>
    `The layer holds more than ${allowed} files. If you trust the image, raise "peel.limits.maxEntries".`,
  metadata: allowed =>
    `The layer has an entry whose description alone is larger than ${allowed} bytes: no proper tool writes such.`,
};

/** What a layer holds does not fit on the disk. `code` is ENOSPC, as when the system says it. */
export class DiskSpaceError extends Error {
  readonly code = 'ENOSPC';
  readonly folder: string;
  /** Bytes. */
  readonly needed: number;
  readonly free: number;
  constructor(folder: string, needed: number, free: number) {
    super(
      `There is too little room on the disk of ${folder}: ${Math.ceil(needed / 1e6)} MB are needed, ${Math.floor(free / 1e6)} MB are free. Free some space and try again.`,
    );
    this.name = 'DiskSpaceError';
    this.folder = folder;
    this.needed = needed;
    this.free = free;
  }
}

/** A folder that is to be filled has something in it already, which could be lost or lead astray. */
export class FolderNotEmptyError extends Error {
  readonly folder: string;
  constructor(folder: string) {
    super(`${folder} is not empty. Nothing in it was changed. Choose another folder, or remove this one first.`);
    this.name = 'FolderNotEmptyError';
    this.folder = folder;
  }
}

/** A path for a message: no control characters, and not endless. */
export function quoted(path: string): string {
  const text = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return JSON.stringify(text.toWellFormed());
}
