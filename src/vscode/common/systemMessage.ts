/**
 * What the operating system's error codes mean to the user; `path` is the file or folder concerned.
 */
const MEANINGS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: path => `Permission denied for ${path}. Choose another folder, or give this user access to it.`,
  EPERM: path => `The operation is not permitted on ${path}. Choose another folder, or give this user access to it.`,
  EROFS: path => `${path} is on a read-only file system. Choose another folder.`,
  ENOSPC: path => `The disk is full, so ${path} could not be written. Free some space and try again.`,
  EDQUOT: path => `Your disk quota is used up, so ${path} could not be written. Free some space and try again.`,
  ENOENT: path => `${path} does not exist. Check the path.`,
  ENOTDIR: path => `A part of ${path} is a file, not a folder. Choose another folder.`,
  EISDIR: path => `${path} is a folder, but a file was expected.`,
  EEXIST: path => `${path} already exists. Choose another name.`,
  ENOTEMPTY: path => `${path} is not empty.`,
  ENAMETOOLONG: path =>
    `The path ${path.slice(0, 80)}… is too long for this disk. Choose a folder with a shorter path.`,
  EMFILE: () => 'Too many files are open at once. Raise the limit (ulimit -n), or set "peel.concurrency" to 1.',
  EBUSY: path => `${path} is in use. Close the program that uses it, and try again.`,
};

/** Returns a message for a file system failure; `undefined` for any other error. */
export function systemMessage(error: Error): string | undefined {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  return MEANINGS[code]?.(path ?? 'a file');
}
