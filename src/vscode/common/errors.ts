import type { MountFailure } from '../../overlay/failures.ts';
import type { ImageFolder } from '../../pull/imageFolder.ts';

/** What a task does, in the words of its messages. */
const NOUNS: Readonly<Record<string, string>> = {
  mount: 'mount',
  unmount: 'unmount',
  shell: 'shell',
  remove: 'removal',
};

/** A task in a terminal ended without doing its work. */
export class TaskFailedError extends Error {
  readonly folder: string;
  /** Absent when the exit code is none that the task itself gives. */
  readonly failure: MountFailure | undefined;

  /** @param code of the task's shell; `undefined` when the terminal was closed */
  constructor(action: string, folder: string, code: number | undefined, failure: MountFailure | undefined) {
    super(failure ? `${failure.message}. ${failure.remedy}.` : strange(NOUNS[action] ?? action, code));
    this.name = 'TaskFailedError';
    this.folder = folder;
    this.failure = failure;
  }
}

function strange(noun: string, code: number | undefined): string {
  if (code === undefined)
    return `The terminal was closed before the ${noun} had ended. Run it again, and leave the terminal open.`;
  // A shell that a signal ended has 128 and the signal's number.
  if (code === 130) return `The ${noun} was interrupted in its terminal. Run it again.`;
  return `The ${noun} ended with exit code ${code}; the lines in its terminal say why.`;
}

/** A workspace that is not trusted may name any folder and any image: no command line is made for it. */
export class UntrustedWorkspaceError extends Error {
  constructor() {
    super('This workspace is not trusted, so Peel runs no command in a terminal for it. Trust the workspace first.');
    this.name = 'UntrustedWorkspaceError';
  }
}

/** The image's pull has not ended, so there are layers that it lacks. */
export class IncompleteImageError extends Error {
  readonly folder: string;
  constructor({ folder, reference }: ImageFolder) {
    super(`The pull into ${folder} has not ended. Pull ${reference} again: it goes on from where it stopped.`);
    this.name = 'IncompleteImageError';
    this.folder = folder;
  }
}

/** The task ended well, and yet the kernel's mount table does not show what it should. */
export class NotVerifiedError extends Error {
  readonly mountPoint: string;
  constructor(action: 'mount' | 'unmount', mountPoint: string) {
    const seen =
      action === 'mount' ? `nothing is mounted at ${mountPoint}` : `something is still mounted at ${mountPoint}`;
    super(
      `The ${action} ended without an error, but ${seen}. The terminal may run in another mount namespace than the editor; run the command again.`,
    );
    this.name = 'NotVerifiedError';
    this.mountPoint = mountPoint;
  }
}

/** The system has no overlay mounts at all. */
export class OverlayUnavailableError extends Error {
  readonly folder: string;
  constructor(folder: string, platform: string) {
    const system = platform === 'darwin' ? 'macOS' : platform === 'win32' ? 'Windows' : 'this system';
    super(
      `There is no overlay file system on ${system}, so the image cannot be mounted here. "Peel: Extract Merged…" makes a plain folder of all its layers instead.`,
    );
    this.name = 'OverlayUnavailableError';
    this.folder = folder;
  }
}

/** Neither namespaces nor fuse-overlayfs serve here. */
export class NoWayWithoutSudoError extends Error {
  readonly folder: string;
  /** @param explanation what works here and why not more */
  constructor(folder: string, explanation: string) {
    super(`The image cannot be mounted without sudo here. ${explanation}`);
    this.name = 'NoWayWithoutSudoError';
    this.folder = folder;
  }
}
