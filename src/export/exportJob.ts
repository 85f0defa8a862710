import type { UnpackLimits } from '../layers/unpack/layerVisitor.ts';
import type { StoredLayers } from './mergeJob.ts';
import type { ResolvedImage } from '../oci/image.ts';

/** What an image can be written as. */
export const EXPORT_FORMATS = ['oci-layout', 'oci-archive', 'docker-archive', 'rootfs-tar'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What an exporting thread is given: an image whose layers lie on the disk. Plain data. */
export interface ExportJob extends StoredLayers {
  readonly image: ResolvedImage;
  readonly format: ExportFormat;
  /** Must not be there. */
  readonly target: string;
  readonly limits: UnpackLimits;
}
