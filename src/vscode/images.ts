import type { ImageFolder } from '../pull/imageFolder.ts';
import type { MountState } from '../overlay/mountState.ts';

/** A pulled image as it is on disk now. */
export interface ImageOnDisk {
  readonly folder: string;
  /** What peel.json says; absent when it cannot be read, then `problem` says why. */
  readonly image?: ImageFolder;
  readonly problem?: Error;
  readonly mount: MountState;
}
