import type { MountFailure } from '../../overlay/failures.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';

/** Each action's name in messages. */
const NOUNS: Readonly<Record<string, string>> = {
  mount: 'mount',
  unmount: 'unmount',
  shell: 'shell',
  remove: 'removal',
};

/** A task in a terminal ended without doing its work. */
export class TaskFailedError extends Error {
  readonly folder: string;
  /** Absent when the exit code isn't one of the task's own. */
  readonly failure: MountFailure | undefined;

  /** @param code exit code of the task's shell; `undefined` if the terminal was closed */
  constructor(action: string, folder: string, code: number | undefined, failure: MountFailure | undefined) {
    super(failure ? `${failure.message}. ${failure.remedy}.` : unexpectedEnd(NOUNS[action] ?? action, code));
    this.name = 'TaskFailedError';
    this.folder = folder;
    this.failure = failure;
  }
}

function unexpectedEnd(noun: string, code: number | undefined): string {
  if (code === undefined)
    return `The terminal was closed before the ${noun} finished. Run it again and leave the terminal open.`;
  // A shell killed by a signal exits with 128 plus the signal's number.
  if (code === 130) return `The ${noun} was interrupted in its terminal. Run it again.`;
  return `The ${noun} failed with exit code ${code}. See its terminal for the reason.`;
}

/**
 * The workspace isn't trusted. It could name any folder and any image, so no command line is built
 * for it, and nothing is written to a registry.
 */
export class UntrustedWorkspaceError extends Error {
  constructor(refused = 'runs no terminal commands') {
    super(`Peel ${refused} in an untrusted workspace. Trust the workspace first.`);
    this.name = 'UntrustedWorkspaceError';
  }
}

/** The image's pull is incomplete, so some layers are missing. */
export class IncompleteImageError extends Error {
  readonly folder: string;
  constructor({ folder, reference }: ImageFolder) {
    super(`The pull into ${folder} is incomplete. Pull ${reference} again to resume it.`);
    this.name = 'IncompleteImageError';
    this.folder = folder;
  }
}

/** The task succeeded, but the kernel's mount table doesn't agree. */
export class MountNotVerifiedError extends Error {
  readonly mountPoint: string;
  constructor(action: 'mount' | 'unmount', mountPoint: string) {
    const seen =
      action === 'mount' ? `nothing is mounted at ${mountPoint}` : `something is still mounted at ${mountPoint}`;
    super(
      `The ${action} reported no error, but ${seen}. The terminal may use a different mount namespace than the editor. Run the command again.`,
    );
    this.name = 'MountNotVerifiedError';
    this.mountPoint = mountPoint;
  }
}

/** The image could change while it is read. */
export class MountedWritableError extends Error {
  readonly folder: string;
  constructor(folder: string, where: 'mount' | 'terminal') {
    const remedy = where === 'mount' ? 'Unmount it first.' : 'Close the terminal with its mount first.';
    super(`The image in ${folder} is mounted and may change while it is read. ${remedy}`);
    this.name = 'MountedWritableError';
    this.folder = folder;
  }
}

/** The system has no overlay file system. */
export class OverlayUnavailableError extends Error {
  readonly folder: string;
  constructor(folder: string, platform: string) {
    const system = platform === 'darwin' ? 'macOS' : platform === 'win32' ? 'Windows' : 'this system';
    super(
      `The image can't be mounted, because ${system} has no overlay file system. Use "Peel: Extract Merged…" to write all its layers into a plain folder instead.`,
    );
    this.name = 'OverlayUnavailableError';
    this.folder = folder;
  }
}

/** Neither user namespaces nor fuse-overlayfs work here. */
export class NoWayWithoutSudoError extends Error {
  readonly folder: string;
  /** @param explanation what works here, and why nothing more does */
  constructor(folder: string, explanation: string) {
    super(`The image can't be mounted without sudo here. ${explanation}`);
    this.name = 'NoWayWithoutSudoError';
    this.folder = folder;
  }
}

/** A setting that can't be used as written. */
export class InvalidSettingError extends Error {
  readonly key: string;
  constructor(key: string, problem: string, options?: ErrorOptions) {
    super(`The setting "peel.${key}" ${problem}. Correct it in the settings.`, options);
    this.name = 'InvalidSettingError';
    this.key = key;
  }
}
