/** The folder holds no image that Peel pulled, or its description is damaged. */
export class NoImageFolderError extends Error {
  readonly folder: string;
  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(
      `${folder} holds no pulled image: ${reason}. Pull the image, or name the folder that has its peel.json.`,
      options,
    );
    this.name = 'NoImageFolderError';
    this.folder = folder;
  }
}

/** A pull made the folder, and what its description says has been lost. */
export class DamagedFolderError extends Error {
  readonly folder: string;
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `${folder} holds a pulled image whose peel.json is damaged. Remove it with "Peel: Remove Image…", which leaves whatever is not Peel's, and pull the image again.`,
      options,
    );
    this.name = 'DamagedFolderError';
    this.folder = folder;
  }
}
