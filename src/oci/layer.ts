import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';

/** One layer of an image in its place in the stack. */
export interface Layer {
  /** 1 is the base. */
  readonly number: number;
  /** The compressed blob. */
  readonly descriptor: Descriptor;
  /** Digest over the uncompressed tar; absent for schema 1, which has none. */
  readonly diffId?: Digest;
  /** The command that made it, as the image's history tells it. */
  readonly createdBy?: string;
  /** RFC 3339. */
  readonly created?: string;
}
