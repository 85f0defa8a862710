/** Why a task failed. */
export interface MountFailure {
  readonly reason: MountFailureReason;
  /** The exit code of the task's shell. */
  readonly code: number;
  /** What is wrong, as one sentence without its full stop. */
  readonly message: string;
  /** What the user can do about it. */
  readonly remedy: string;
}

const MERGED_FOLDER = 'Peel: Extract Merged… writes all layers into a plain folder without a mount';
const OTHER_WAYS = `Peel: Mount Without sudo… works where user namespaces or fuse-overlayfs are available; ${MERGED_FOLDER}`;

/**
 * Exit code, message and remedy of every way in which a task can fail. The codes are in 80…119,
 * which mount(8), sudo(8) and shells do not use (mount: 1…64, shells: 126 and above).
 */
const TABLE = {
  'no-folder': {
    code: 80,
    message: "This folder isn't a complete pulled image: a layer is missing",
    remedy: 'Pull the image again',
  },
  'not-real': {
    code: 81,
    message:
      "A symbolic link replaces one of the image folder's own folders, and root would follow it to another place",
    remedy: 'Remove the link, or pull the image again into a new folder',
  },
  'no-sudo': {
    code: 82,
    message: 'Mounting needs root, and this machine has no sudo',
    remedy: `Install sudo, or run as root; ${OTHER_WAYS}`,
  },
  'sudo-blocked': {
    code: 83,
    message:
      "sudo can't work here: this process can't gain privileges (no_new_privs, as in a sandbox or a hardened container)",
    remedy: `Use an editor or a container without this limit; ${OTHER_WAYS}`,
  },
  'sudo-refused': {
    code: 84,
    message: "sudo did not run the command: the password was wrong, or this user isn't allowed to use sudo",
    remedy: `Try again, or ask your administrator; ${OTHER_WAYS}`,
  },
  'not-permitted': {
    code: 85,
    message: "Mounting isn't permitted in this container (CAP_SYS_ADMIN is missing)",
    remedy: `Start the container with --cap-add SYS_ADMIN --security-opt apparmor=unconfined; ${MERGED_FOLDER}`,
  },
  'no-overlay': {
    code: 86,
    message: 'The kernel has no overlay file system',
    remedy: `Load it with sudo modprobe overlay; ${OTHER_WAYS}`,
  },
  'kernel-too-old': {
    code: 87,
    message:
      'This kernel is older than 5.11 and lacks the userxattr option, so files that a layer deletes would reappear',
    remedy: MERGED_FOLDER,
  },
  'unfit-disk': {
    code: 88,
    message: "The file system of the image folder can't hold the writable part of an overlay",
    remedy: `Move images to a local Linux disk (setting peel.imagesFolder): a volume in a container, not /mnt/c in WSL; ${MERGED_FOLDER}`,
  },
  'read-only-disk': {
    code: 103,
    message: 'The disk of the image folder is read-only, and a mount needs to write there',
    remedy: `Make the disk writable, or pull the image to another place (setting peel.imagesFolder); ${MERGED_FOLDER}`,
  },
  'not-yours': {
    code: 104,
    message: "This user can't write to the image folder, and a mount needs its overlay and merged folders there",
    remedy: `Run the editor as the folder's owner, or pull the image to a place of your own (setting peel.imagesFolder); ${MERGED_FOLDER}`,
  },
  'mount-failed': {
    code: 89,
    message: 'The mount failed; see the lines above and the end of `sudo dmesg`',
    remedy: MERGED_FOLDER,
  },
  busy: {
    code: 90,
    message: 'The mount is in use',
    remedy: 'Close the terminals, files and programs that use it and try again, or choose Peel: Force Unmount (Lazy)',
  },
  'unmount-failed': {
    code: 91,
    message: 'The unmount failed; see the lines above',
    remedy: 'Try again, or choose Peel: Force Unmount (Lazy)',
  },
  'not-mounted': {
    code: 92,
    message: 'The image is not mounted',
    remedy: 'Mount it first with Peel: Mount Image',
  },
  'no-shell': {
    code: 93,
    message:
      'The image has no /bin/sh that runs on this machine (some images hold a single program, or are made for another processor)',
    remedy: 'Look at the files in the editor, or pull the image for this platform',
  },
  'shell-failed': {
    code: 94,
    message: 'The shell could not be started in the mounted image; see the lines above',
    remedy: 'Unmount and mount the image again',
  },
  'still-mounted': {
    code: 95,
    message: 'Something is still mounted in this folder, and removing the folder would delete its contents',
    remedy: 'Unmount it first with Peel: Unmount Image',
  },
  'remove-failed': {
    code: 96,
    message: 'Some of the folder could not be removed; see the lines above',
    remedy: 'Close the programs that use its files, and try again',
  },
  'restore-failed': {
    code: 97,
    message: 'Owners and modes could not be restored, so nothing was mounted; see the lines above',
    remedy: 'Mount without them (setting peel.mount.restoreOwnership), or pull the image again',
  },
  'restore-tools': {
    code: 101,
    message: 'Restoring owners needs GNU tar and the chown of GNU coreutils',
    remedy:
      'Install the packages tar and coreutils, or mount without restoring owners (setting peel.mount.restoreOwnership)',
  },
  'changes-failed': {
    code: 105,
    message: 'The changes could not be read; the lines above say why',
    remedy: 'Unmount the image and try again',
  },
  'changes-tools': {
    code: 106,
    message: 'Reading the changes needs GNU tar',
    remedy: 'Install the package tar',
  },
  'no-namespaces': {
    code: 98,
    message: "This machine doesn't let users mount in a namespace of their own",
    remedy: `Ask your administrator (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns); ${MERGED_FOLDER}`,
  },
  'no-fuse': {
    code: 99,
    message: "fuse-overlayfs is not installed, or this user can't use /dev/fuse",
    remedy: `Install the package fuse-overlayfs; ${MERGED_FOLDER}`,
  },
  'fuse-colon': {
    code: 102,
    message: "fuse-overlayfs doesn't support a folder with a colon in its path",
    remedy: 'Rename the folder, or pull the image to another place (setting peel.imagesFolder)',
  },
  'already-mounted': {
    code: 100,
    message: 'The image is already mounted, and its writable part allows one mount at a time',
    remedy: 'Use the existing mount, or unmount it first',
  },
} as const satisfies Record<string, Omit<MountFailure, 'reason'>>;

export type MountFailureReason = keyof typeof TABLE;

/** Returns the failure with this reason. */
export function mountFailure(reason: MountFailureReason): MountFailure {
  return { reason, ...TABLE[reason] };
}

function isReason(text: string): text is MountFailureReason {
  return Object.hasOwn(TABLE, text);
}

/** All failures by exit code. */
export const MOUNT_FAILURES: ReadonlyMap<number, MountFailure> = new Map(
  Object.keys(TABLE)
    .filter(isReason)
    .map(reason => [TABLE[reason].code, mountFailure(reason)]),
);

/** Returns the message for the user: what is wrong and what to do. */
export function failureText(failure: MountFailure): string {
  return `${failure.message}. ${failure.remedy}.`;
}
