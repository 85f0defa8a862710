/** A folder isn't a pulled image, or its description is damaged. */
export class NoImageFolderError extends Error {
  readonly folder: string;
  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(
      `${folder} isn't a pulled image: ${reason}. Pull the image, or choose the folder with its peel.json.`,
      options,
    );
    this.name = 'NoImageFolderError';
    this.folder = folder;
  }
}

/** A pulled image's description is damaged. */
export class DamagedFolderError extends Error {
  readonly folder: string;
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `The peel.json of the pulled image in ${folder} is damaged. Remove it with "Peel: Remove Image…", which keeps files that aren't Peel's, and pull the image again.`,
      options,
    );
    this.name = 'DamagedFolderError';
    this.folder = folder;
  }
}
