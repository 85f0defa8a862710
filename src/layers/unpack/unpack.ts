import type { Inflaters } from '../compression/decompress.ts';
import { LayerReading } from './layerReading.ts';
import { TarUnpacker, type TarUnpackOptions, type Unpacked } from './tarUnpacker.ts';

export type { UnpackLimits } from './layerVisitor.ts';

export interface UnpackOptions extends Omit<TarUnpackOptions, 'compression'> {
  /** Decoders to use instead of Node's. */
  readonly inflaters?: Inflaters;
}

/**
 * Unpacks one layer's blob, as its bytes arrive, into a folder.
 * @throws what {@link LayerReading} and {@link TarUnpacker} throw
 */
export class LayerUnpacker extends LayerReading<Unpacked> {
  constructor({ inflaters, ...options }: UnpackOptions) {
    super(compression => new TarUnpacker({ ...options, compression }), inflaters);
  }
}
