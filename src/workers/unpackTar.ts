import { InvalidLayerError } from '../layers/errors.ts';
import type { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import { TarUnpacker } from '../layers/unpack/tarUnpacker.ts';
import { PipeReader } from './bytePipe.ts';
import { withRemedy } from './layerErrors.ts';
import { LayerFolder } from './layerFolder.ts';
import type { TarJob, UnpackedLayer } from './layerJob.ts';

/**
 * Unpacks one layer's tar from a pipe. This blocks the thread, so only the pipe can cancel it.
 * @throws {PipeBrokenError} {@link DiffIdMismatchError} {@link DiskFullError}, and what
 * {@link TarUnpacker} throws
 */
export function unpackTar({ target, blob, pipe: memory }: TarJob, specials: SpecialMaker): UnpackedLayer {
  const pipe = new PipeReader(memory);
  const folder = new LayerFolder(target, blob, specials);
  let tar: TarUnpacker | undefined;
  try {
    tar = new TarUnpacker({ ...folder.options, compression: () => pipe.compression });
    pipe.pour(tar);
    return folder.commit(tar.end(pipe.junk));
  } catch (error) {
    pipe.stop(error instanceof InvalidLayerError);
    tar?.close();
    folder.drop();
    throw withRemedy(error, target.folder);
  }
}
