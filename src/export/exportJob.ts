import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import type { StoredLayers } from './mergeJob.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** The formats that an image can be exported to. */
export const EXPORT_FORMATS = ['oci-layout', 'oci-archive', 'docker-archive', 'rootfs-tar'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A job for an export thread: an image whose layers are on disk. Plain data. */
export interface ExportJob extends StoredLayers {
  readonly image: ResolvedImage;
  readonly format: ExportFormat;
  /** Must not exist. */
  readonly target: string;
  readonly limits: UnpackLimits;
}
