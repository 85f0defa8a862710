import { InvalidLayerError } from '../layers/errors.ts';
import type { SpecialMaker } from '../layers/unpack/specialFiles.ts';
import { TarUnpacker } from '../layers/unpack/tarUnpacker.ts';
import { PipeReader } from './bytePipe.ts';
import { withRemedy } from './layerErrors.ts';
import { LayerFolder } from './layerFolder.ts';
import type { TarJob, UnpackedLayer } from './layerJob.ts';

/**
 * Unpacks one layer's tar as it comes through a pipe, which blocks the thread meanwhile: it hears of a cancel by the pipe alone.
 * @throws {PipeBrokenError} {@link DiffIdMismatchError} {@link DiskFullError}, and what {@link TarUnpacker} throws
 */
export function unpackTar({ target, blob, pipe: memory }: TarJob, specials: SpecialMaker): UnpackedLayer {
  const pipe = new PipeReader(memory);
  const folder = new LayerFolder(target, blob, specials);
  let tar: TarUnpacker | undefined;
  try {
    tar = new TarUnpacker({ ...folder.options, compression: () => pipe.compression });
    pipe.pour(tar);
    return folder.place(tar.end(pipe.junk));
  } catch (error) {
    pipe.stop(error instanceof InvalidLayerError);
    tar?.close();
    folder.drop();
    throw withRemedy(error, target.folder);
  }
}
