/** A layer's compressed stream is damaged, or its content is not a tar archive. */
export class InvalidLayerError extends Error {
  constructor(problem: string, { advice, ...options }: ErrorOptions & { readonly advice?: string } = {}) {
    const remedy = advice ?? 'The image is damaged or was made by a faulty tool.';
    super(`The layer can't be read: ${problem}. ${remedy}`, options);
    this.name = 'InvalidLayerError';
  }
}

/** A layer's bytes end too early. */
export class TruncatedLayerError extends Error {
  /** The part of the layer that is incomplete. */
  readonly within: string;
  constructor(within: string, options?: ErrorOptions) {
    super(
      `The layer is cut short: it ends within ${within}. Pull again; if the error remains, the image is damaged.`,
      options,
    );
    this.name = 'TruncatedLayerError';
    this.within = within;
  }
}

/** A layer is compressed in a way that Peel does not read. */
export class UnsupportedCompressionError extends Error {
  readonly compression: string;
  constructor(compression: string, options?: ErrorOptions) {
    super(
      `The layer is compressed with ${compression}, which Peel can't read: layers are gzip, zstd or plain tar. Convert the image, for example with skopeo copy --dest-compress-format gzip.`,
      options,
    );
    this.name = 'UnsupportedCompressionError';
    this.compression = compression;
  }
}

/** A layer is encrypted (OCIcrypt). */
export class EncryptedLayerError extends Error {
  readonly mediaType: string;
  constructor(mediaType: string) {
    super(
      `The layer is encrypted (${mediaType}), and Peel can't decrypt it. Decrypt the image first, for example with skopeo copy --decryption-key.`,
    );
    this.name = 'EncryptedLayerError';
    this.mediaType = mediaType;
  }
}

/** A layer's content can only be an attack. The whole layer is refused. */
export class HostileEntryError extends Error {
  /** The entry's path in the archive. */
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`The layer is hostile: its entry ${quoted(path)} ${problem}. It was not extracted; do not use this image.`);
    this.name = 'HostileEntryError';
    this.path = path;
  }
}

/** A layer exceeds a limit. */
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
    `The layer has more than ${allowed} files. If you trust the image, raise "peel.limits.maxEntries".`,
  metadata: allowed =>
    `The layer has an entry whose metadata alone exceeds ${allowed} bytes, which no proper tool writes.`,
};

/** A layer's content does not fit on the disk. `code` is ENOSPC, as in the system's own errors. */
export class DiskSpaceError extends Error {
  readonly code = 'ENOSPC';
  readonly folder: string;
  /** Bytes. */
  readonly needed: number;
  readonly free: number;
  constructor(folder: string, needed: number, free: number) {
    super(
      `Not enough space on the disk of ${folder}: ${Math.ceil(needed / 1e6)} MB needed, ${Math.floor(free / 1e6)} MB free. Free some space and try again.`,
    );
    this.name = 'DiskSpaceError';
    this.folder = folder;
    this.needed = needed;
    this.free = free;
  }
}

/** A target folder is not empty: its content could be lost, or lead writes astray. */
export class FolderNotEmptyError extends Error {
  readonly folder: string;
  constructor(folder: string) {
    super(`${folder} is not empty. Nothing in it was changed. Choose another folder, or remove this one first.`);
    this.name = 'FolderNotEmptyError';
    this.folder = folder;
  }
}

/** Refuses a layer whose media type says that it is encrypted. @throws {EncryptedLayerError} */
export function refuseEncrypted(mediaType: string): void {
  if (/\+encrypted\b/i.test(mediaType)) throw new EncryptedLayerError(mediaType);
}

/** Prepares a path for a message: quoted, without control characters, and of limited length. */
export function quoted(path: string): string {
  const text = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return JSON.stringify(text.toWellFormed());
}
