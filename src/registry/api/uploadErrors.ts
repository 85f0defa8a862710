import { RegistryError, type Where } from '../errors.ts';

/** The registry, or a proxy in front of it, takes no request body of the size that is needed. */
export class BodyTooLargeError extends RegistryError {
  constructor(where: Where, size: number, cause: unknown) {
    super(
      'BodyTooLargeError',
      [
        where.registry,
        `refuses uploads of ${size} bytes, and smaller parts as well (413). Ask its owner to raise the limit, which a proxy in front of it may set.`,
      ],
      where,
      cause,
    );
  }
}

/** The tag exists and the registry doesn't let it be replaced. */
export class ImmutableTagError extends RegistryError {
  readonly tag: string;
  constructor(where: Where, tag: string, detail: string, cause: unknown) {
    super(
      'ImmutableTagError',
      [
        where.registry,
        `doesn't let the tag ${tag} of ${where.repository ?? ''} be replaced (${detail}). Use another tag.`,
      ],
      where,
      cause,
    );
    this.tag = tag;
  }
}

/** The registry stored something else than what was sent. */
export class WrongUploadError extends RegistryError {
  constructor(where: Where, digest: string, stored: string) {
    super(
      'WrongUploadError',
      [
        where.registry,
        `stored ${stored} instead of ${digest}. Try again; if it happens again, the registry is faulty.`,
      ],
      where,
    );
  }
}

/** The registry says that it received another number of bytes than were sent. */
export class UploadOffsetError extends RegistryError {
  constructor(where: Where, expected: number, actual: number | undefined) {
    super(
      'UploadOffsetError',
      [
        where.registry,
        `lost a part of an upload: it has ${actual ?? 'an unknown number'} of ${expected} bytes. Try again.`,
      ],
      where,
    );
  }
}
