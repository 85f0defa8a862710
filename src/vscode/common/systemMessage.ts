/** What the operating system's codes mean to a person; `path` is the file or folder that it was about. */
const MEANINGS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: path => `There is no permission for ${path}. Choose another folder, or give this user the right to it.`,
  EPERM: path =>
    `The system does not allow this for ${path}. Choose another folder, or give this user the right to it.`,
  EROFS: path => `${path} lies on a disk that can only be read. Choose another folder.`,
  ENOSPC: path => `The disk is full: there was no room left for ${path}. Free some space and try again.`,
  EDQUOT: path =>
    `Your share of the disk is used up: there was no room left for ${path}. Free some space and try again.`,
  ENOENT: path => `${path} is not there. Check the path.`,
  ENOTDIR: path => `A part of ${path} is a file and no folder. Choose another folder.`,
  EISDIR: path => `${path} is a folder where a file was expected.`,
  EEXIST: path => `${path} is there already. Choose another name.`,
  ENOTEMPTY: path => `${path} is not empty.`,
  ENAMETOOLONG: path => `The path ${path.slice(0, 80)}… is too long for this disk. Choose a shorter folder.`,
  EMFILE: () => 'Too many files are open at once. Raise the limit (ulimit -n), or set "peel.concurrency" to 1.',
  EBUSY: path => `${path} is in use. Close what uses it, and try again.`,
};

/** A sentence for a failure of the file system; `undefined` when the error is none. */
export function systemMessage(error: Error): string | undefined {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  return MEANINGS[code]?.(path ?? 'a file');
}
