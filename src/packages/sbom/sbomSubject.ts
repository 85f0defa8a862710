import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';

export const SBOM_FORMATS = ['cyclonedx-json', 'spdx-json'] as const;
export type SbomFormat = (typeof SBOM_FORMATS)[number];

/** What an SBOM describes, and what tells it from others of the same image. */
export interface SbomSubject {
  readonly reference: Reference;
  /** Of the image's own manifest. */
  readonly digest: Digest;
  readonly platform: Platform;
  /** A UUID of this document. */
  readonly id: string;
  readonly created: Date;
  /** Peel's version. */
  readonly tool: string;
}
