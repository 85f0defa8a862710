import { quoted } from '../layers/errors.ts';

/** Something in `overlay/upper` has no form in a layer, or its meaning is ambiguous. */
export class UnusableChangesError extends Error {
  /** Relative to `overlay/upper`. */
  readonly path: string;
  constructor(path: string, reason: string) {
    super(`The changes can't be used: ${quoted(path === '' ? '/' : path)} ${reason}.`);
    this.name = 'UnusableChangesError';
    this.path = path;
  }
}

/** Files in `overlay/upper` changed during the work. */
export class ChangesMovedError extends Error {
  constructor(detail: string) {
    super(`Files changed while they were read: ${detail}. Unmount the image, and try again.`);
    this.name = 'ChangesMovedError';
  }
}

/** Some of `overlay/upper` belongs to another user, such as root. */
export class UnreadableChangesError extends Error {
  readonly folder: string;
  constructor(folder: string, detail: string) {
    super(`Some changes in ${folder} can only be read by root: ${detail}`);
    this.name = 'UnreadableChangesError';
    this.folder = folder;
  }
}

/** The changes couldn't be read for a reason of the system, such as a missing program. */
export class ChangesNotReadError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`The changes can't be read: ${reason}`, options);
    this.name = 'ChangesNotReadError';
  }
}

/** There is nothing to commit. */
export class NothingChangedError extends Error {
  constructor(folder: string) {
    super(`Nothing to commit: no file of the image in ${folder} was changed, and no new configuration was given.`);
    this.name = 'NothingChangedError';
  }
}

/** The errors of this room by name, for `JobThread`. */
export const CHANGES_ERRORS = {
  UnusableChangesError,
  ChangesMovedError,
  UnreadableChangesError,
  ChangesNotReadError,
} as const;
