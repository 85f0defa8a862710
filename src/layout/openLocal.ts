import { stat } from 'node:fs/promises';
import { layoutOfDockerArchive } from './dockerArchive.ts';
import { FolderFiles, InvalidLocalImageError, type LocalFiles } from './layoutFiles.ts';
import { LayoutSource } from './layoutSource.ts';
import { TarFiles } from './tarFiles.ts';

/**
 * Opens an OCI layout, in a folder or an archive, or an archive of `docker save`.
 * @throws {InvalidLocalImageError}
 */
export async function openLocal(path: string, signal: AbortSignal): Promise<LayoutSource> {
  const source = new LayoutSource(await filesOf(path, signal));
  await source.images();
  return source;
}

async function filesOf(path: string, signal: AbortSignal): Promise<LocalFiles> {
  const found = await stat(path);
  if (found.isDirectory()) return new FolderFiles(path);
  if (!found.isFile()) throw new InvalidLocalImageError(path, 'it is neither a folder nor a file');
  const archive = await TarFiles.open(path, signal);
  // Since version 25 Docker writes both; the layout says more.
  if ((await archive.size('oci-layout')) !== undefined) return archive;
  if ((await archive.size('manifest.json')) !== undefined) return layoutOfDockerArchive(archive, signal);
  throw new InvalidLocalImageError(path, 'it is neither an OCI layout nor an archive of docker save');
}
